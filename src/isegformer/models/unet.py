"""UNet, the simplest baseline of the paper.

B is the batch, C_s the channels at scale s, (h_s, w_s) its grid, 1 / 2^s of the input.

Source: Ronneberger et al. 2015, "U-Net"; with padded convolutions and batch norm, as is usual today. The
paper names its UNet without numbers, so these are the original's.
"""

import itertools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class DoubleConv(nn.Sequential):
    """Two 3x3 convolutions, each with batch norm and ReLU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            *conv_norm_relu(in_channels, out_channels), *conv_norm_relu(out_channels, out_channels)
        )


class UnetBackbone(nn.Module):
    """The contracting path; its first convolution is the image stem."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.first = nn.Sequential(*conv_norm_relu(widths[0], widths[0]))
        self.downs = nn.ModuleList(DoubleConv(before, width) for before, width in itertools.pairwise(widths))

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, C_0, H, W) -> features from fine to coarse, (B, C_s, h_s, w_s); odd sizes are rounded up."""
        features = [self.first(x)]
        for down in self.downs:
            features.append(down(F.max_pool2d(features[-1], 2, ceil_mode=True)))
        return features


class UnetDecoder(nn.Module):
    """The expanding path with its skips; one logit at full resolution."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        pairs = list(itertools.pairwise(widths))
        self.ups = nn.ModuleList(nn.ConvTranspose2d(coarse, fine, 2, stride=2) for fine, coarse in pairs)
        self.blocks = nn.ModuleList(DoubleConv(2 * fine, fine) for fine, _ in pairs)
        self.classify = nn.Conv2d(widths[0], 1, 1)

    def forward(self, features: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Features from fine to coarse -> one logit map (B, 1, H, W)."""
        x = features[-1]
        for scale in reversed(range(len(self.ups))):
            skip = features[scale]
            height, width = skip.shape[-2:]
            # Where the skip's size is odd, the larger grid has one row or column more.
            up = self.ups[scale](x)[..., :height, :width]
            x = self.blocks[scale](torch.cat([skip, up], dim=1))
        return (self.classify(x),)


def conv_norm_relu(in_channels: int, out_channels: int) -> tuple[nn.Module, ...]:
    """Return a 3x3 convolution, batch norm and ReLU."""
    return (
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )
