"""The parts of a network as modules from tensors to tensors: what other programs can take over.

A click network is two of them (image, clicks), a propagation network three (key, value, decode). Each has an
example of its inputs, by which it is traced; heights, widths and the first dimension may differ in use.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from isegformer.models.click_segmenter import ClickSegmenter
from isegformer.models.stcn import Stcn, StcnKeys

EXAMPLE_PX = (96, 128)
"""Size of the traced input; a multiple of every network's coarsest grid, height and width apart."""


@dataclass(frozen=True, kw_only=True)
class Graph:
    """One part of a network."""

    module: nn.Module
    """Takes and returns tensors (B, C, h, w)."""
    example: tuple[Tensor, ...]
    """Inputs to trace it with."""


class ImagePart(nn.Module):
    """What a click network computes from the image alone."""

    def __init__(self, network: ClickSegmenter) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, C, h, w)."""
        return self.network.embed(image)


class ClickPart(nn.Module):
    """What a click network computes from the embedded image and the clicks."""

    def __init__(self, network: ClickSegmenter) -> None:
        super().__init__()
        self.network = network

    def forward(self, embedded: Tensor, hint: Tensor) -> Tensor:
        """(B, C, h, w), (B, 3, H, W) -> logits (B, 1, H, W)."""
        return self.network.logits(embedded, hint)


class KeyPart(nn.Module):
    """What a propagation network computes from slices without masks."""

    def __init__(self, network: Stcn) -> None:
        super().__init__()
        self.network = network

    def forward(self, frame: Tensor) -> tuple[Tensor, ...]:
        """(B, 3, H, W) -> the tensors of `StcnKeys`, in their order there."""
        keys = self.network.encode_key(frame)
        return (keys.key, keys.context, keys.sixteenth, *keys.skips)


class ValuePart(nn.Module):
    """What a propagation network computes from a slice and masks on it."""

    def __init__(self, network: Stcn) -> None:
        super().__init__()
        self.network = network

    def forward(self, frame: Tensor, sixteenth: Tensor, mask: Tensor, others: Tensor) -> Tensor:
        """(1, 3, H, W), (1, C, h, w), (N, 1, H, W) twice -> (N, Cv, h, w)."""
        keys = StcnKeys(key=sixteenth, context=sixteenth, sixteenth=sixteenth, skips=())
        return self.network.encode_value(frame, keys, mask=mask, others=others)


class DecodePart(nn.Module):
    """What a propagation network makes of what was read from memory."""

    def __init__(self, network: Stcn) -> None:
        super().__init__()
        self.network = network

    def forward(self, readout: Tensor, context: Tensor, *skips: Tensor) -> Tensor:
        """(N, Cv, h, w), (1 or N, C, h, w), skips -> logits (N, 1, H, W)."""
        keys = StcnKeys(key=context, context=context, sixteenth=context, skips=skips)
        return self.network.decode(readout, keys)


def click_graphs(network: ClickSegmenter) -> Mapping[str, Graph]:
    """Return the two parts of a click network."""
    image, hint = _example(3), _example(3)
    with torch.no_grad():
        embedded = network.embed(image)
    return {
        "image": Graph(module=ImagePart(network).eval(), example=(image,)),
        "clicks": Graph(module=ClickPart(network).eval(), example=(embedded, hint)),
    }


def propagation_graphs(network: Stcn) -> Mapping[str, Graph]:
    """Return the three parts of a propagation network."""
    frame, masks = _example(3), _example(1).expand(2, -1, -1, -1).contiguous()
    with torch.no_grad():
        keys = network.encode_key(frame)
        values = network.encode_value(frame, keys, mask=masks, others=masks)
    return {
        "key": Graph(module=KeyPart(network).eval(), example=(frame,)),
        "value": Graph(module=ValuePart(network).eval(), example=(frame, keys.sixteenth, masks, masks)),
        "decode": Graph(module=DecodePart(network).eval(), example=(values, keys.context, *keys.skips)),
    }


def keys_of(tensors: Sequence[Tensor]) -> StcnKeys:
    """Return what `KeyPart` answered as keys."""
    key, context, sixteenth, *skips = tensors
    return StcnKeys(key=key, context=context, sixteenth=sixteenth, skips=tuple(skips))


def _example(channels: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(1, channels, *EXAMPLE_PX, generator=generator)
