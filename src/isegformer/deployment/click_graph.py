"""A click network as one graph.

B is the batch, H x W the size of the input.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from isegformer.clicks import encode_disks
from isegformer.deployment.graph import Deployable, Graph, Inputs, Port
from isegformer.interaction import THRESHOLD
from isegformer.interaction.settings import predictor_config_from_json, predictor_config_to_json
from isegformer.models import ClickSegmenter

NAME = "network"


class ClickGraph(nn.Module):
    """A click network that answers with probabilities, so that the reader needs no sigmoid."""

    def __init__(self, network: ClickSegmenter) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, hint: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1] and (B, 3, H, W) -> probability (B, 1, H, W)."""
        return torch.sigmoid(self.network(image, hint))


def deployable_click_network(network: ClickSegmenter, predictor: Mapping[str, Any] | None) -> Deployable:
    """Return a click network as one graph.

    Parameters
    ----------
    predictor : settings that travel with the weights, as in their file; None for the published ones
    """
    module = ClickGraph(network).eval()
    plane: tuple[str, str] = ("height", "width")
    graph = Graph(
        name=NAME,
        module=module,
        inputs=(Port(name="image", axes=("batch", 3, *plane)), Port(name="hint", axes=("batch", 3, *plane))),
        outputs=(Port(name="probability", axes=("batch", 1, *plane)),),
    )

    def sample(image: Tensor, count: int) -> Mapping[str, Inputs]:
        return {NAME: _looks(module, image, count=count, radius_px=network.click_radius_px)}

    return Deployable(
        graphs=(graph,),
        size_multiple=1,
        settings={
            "click_radius_px": network.click_radius_px,
            "threshold": THRESHOLD,
            "hint": ["previous probability", "positive clicks", "negative clicks"],
            "predictor": predictor_config_to_json(predictor_config_from_json(predictor)),
        },
        sample=sample,
    )


def _looks(module: nn.Module, image: Tensor, *, count: int, radius_px: float) -> Inputs:
    """Return inputs of `count` looks at a slice, each with one more click and the answer before it."""
    height, width = (int(length) for length in image.shape)
    seen = image.expand(1, 3, -1, -1)
    probability = torch.zeros(1, 1, height, width)
    clicks: list[tuple[float, float, bool]] = []
    hints = []
    for look in range(count):
        share = 0.5 / (look + 1)  # from the middle towards the first corner
        clicks.append((float(int(share * height)), float(int(share * width)), look % 2 == 0))
        disks = torch.from_numpy(encode_disks(clicks, (height, width), radius_px=radius_px))
        hints.append(torch.cat([probability, disks[None]], dim=1))
        with torch.no_grad():
            probability = module(seen, hints[-1])
    return seen.repeat(count, 1, 1, 1), torch.cat(hints)
