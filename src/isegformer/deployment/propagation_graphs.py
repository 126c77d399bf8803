"""A propagation network as three graphs; reading from memory lies between them and holds no weights.

B slices, N objects, H x W pixels (multiples of 16), h = H / 16, w = W / 16.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from isegformer.deployment.graph import Axis, Deployable, Graph, Inputs, Port
from isegformer.models import Stcn
from isegformer.models.stcn import IMAGENET_MEAN, STRIDE_PX
from isegformer.propagation import PropagatorConfig
from isegformer.runtimes import DecodePart, KeyPart, ValuePart

SKIPS = ("skip_8", "skip_4", "skip_2")
"""Features that the decoder adds, by the side in px of their cells."""


class DecoderGraph(nn.Module):
    """From what N objects read to their probabilities, each on its own."""

    def __init__(self, network: Stcn) -> None:
        super().__init__()
        self.decode = DecodePart(network)

    def forward(self, readout: Tensor, context: Tensor, *skips: Tensor) -> Tensor:
        """(N, Cv, h, w), (1, C, h, w) and the skips of one slice -> probability (N, 1, H, W)."""
        return torch.sigmoid(self.decode(readout, context, *skips))


def deployable_propagation_network(network: Stcn, predictor: Mapping[str, Any] | None) -> Deployable:
    """Return a propagation network as graphs; no settings travel with such weights, `predictor` is None."""
    assert predictor is None

    def sample(image: Tensor, count: int) -> Mapping[str, Inputs]:
        return _steps(network, image, count=count)

    return Deployable(
        graphs=_graphs(network), size_multiple=STRIDE_PX, settings=_settings(network), sample=sample
    )


def _graphs(network: Stcn) -> tuple[Graph, ...]:
    config = network.config
    quarter, eighth, features = config.key_encoder.out_channels
    names = SKIPS[: len(network.decoder.ups)]
    widths = (eighth, quarter, config.key_encoder.stem_channels)

    def cells(name: str, batch: Axis, channels: int, side_px: int = STRIDE_PX) -> Port:
        return Port(name=name, axes=(batch, channels, f"height / {side_px}", f"width / {side_px}"))

    def pixels(name: str, batch: Axis, channels: int) -> Port:
        return Port(name=name, axes=(batch, channels, "height", "width"))

    def skips(batch: Axis) -> tuple[Port, ...]:
        sides = (int(name.removeprefix("skip_")) for name in names)
        return tuple(
            cells(name, batch, width, side) for name, width, side in zip(names, widths, sides, strict=False)
        )

    keys = (cells("key", "slices", config.key_channels), cells("context", "slices", config.context_channels))
    return (
        Graph(
            name="key_encoder",
            module=KeyPart(network).eval(),
            inputs=(pixels("frame", "slices", 3),),
            outputs=(*keys, cells("sixteenth", "slices", features), *skips("slices")),
        ),
        Graph(
            name="value_encoder",
            module=ValuePart(network).eval(),
            inputs=(
                pixels("frame", 1, 3),
                cells("sixteenth", 1, features),
                pixels("mask", "objects", 1),
                pixels("others", "objects", 1),
            ),
            outputs=(cells("value", "objects", config.value_channels),),
        ),
        Graph(
            name="decoder",
            module=DecoderGraph(network).eval(),
            inputs=(
                cells("readout", "objects", config.value_channels),
                cells("context", "slices", config.context_channels),
                *skips("slices"),
            ),
            outputs=(pixels("probability", "objects", 1),),
        ),
    )


def _settings(network: Stcn) -> dict[str, Any]:
    config = PropagatorConfig()
    return {
        "stride_px": STRIDE_PX,
        "border_colour": list(IMAGENET_MEAN),
        "key_channels": network.config.key_channels,
        "top_k": config.top_k,
        "memory_every": config.memory_every,
        "min_side_px": config.min_side_px,
        "max_enlarged_side_px": config.max_enlarged_side_px,
    }


def _steps(network: Stcn, image: Tensor, *, count: int) -> Mapping[str, Inputs]:
    """Return inputs of all graphs for `count` objects, side by side, that are read from the slice itself."""
    frame = image.expand(1, 3, -1, -1)
    owner = torch.arange(image.shape[1]) * count // image.shape[1]  # (W,), the object of each column
    mask = ((owner == torch.arange(count)[:, None])[:, None] * (image > image.mean())).float()[:, None]
    others = mask.sum(dim=0, keepdim=True) - mask
    with torch.no_grad():
        keys = network.encode_key(frame)
        value = network.encode_value(frame, keys, mask=mask, others=others)
    turned = [frame.roll(shift, dims=3) for shift in range(count)]  # slices that differ
    return {
        "key_encoder": (torch.cat(turned),),
        "value_encoder": (frame, keys.sixteenth, mask, others),
        "decoder": (value, keys.context, *keys.skips),
    }
