"""The networks as the papers draw them, for benchmarks: without the rearrangements that save arithmetic.

`mlp_decoder` and `stcn_blocks` convolve the parts of joined channels one by one, each where it is smallest.
Here they are joined first; the numbers are the same but for rounding, the names of the weights too.
"""

from collections.abc import Sequence
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from isegformer.models.mlp_decoder import MlpDecoder
from isegformer.models.stcn_blocks import JoiningResidualBlock, PlainResidualBlock

Network = TypeVar("Network", bound=nn.Module)


class TextbookMlpDecoder(MlpDecoder):
    """Resizes, joins, convolves."""

    def forward(self, features: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """See `MlpDecoder`."""
        size = features[0].shape[-2:]
        resized = [
            F.interpolate(F.relu(scale(x)), size=size, mode="bilinear", align_corners=False)
            for scale, x in zip(self.scales, features, strict=True)
        ]
        return (self.classify(self.dropout(F.relu(self.fuse(torch.cat(resized, dim=1))))),)


class TextbookJoiningBlock(JoiningResidualBlock):
    """Joins, convolves."""

    def forward(self, own: Tensor, of_slice: Tensor) -> Tensor:  # type: ignore[override]  # two inputs
        """See `JoiningResidualBlock`."""
        joined = torch.cat([own, of_slice.expand(own.shape[0], -1, -1, -1)], dim=1)
        return PlainResidualBlock.forward(self, joined)


TEXTBOOK: dict[type[nn.Module], type[nn.Module]] = {
    MlpDecoder: TextbookMlpDecoder,
    JoiningResidualBlock: TextbookJoiningBlock,
}


def as_in_textbook(network: Network) -> Network:
    """Turn a network into its textbook form, in place; it answers the same."""
    for module in network.modules():
        module.__class__ = TEXTBOOK.get(type(module), type(module))
    return network
