"""The decoder of iSegFormer: each scale through a 1x1 convolution, all together through two more.

B is the batch, C_s the channels at scale s, D the decoder's channels, (h, w) the finest grid.

The second convolution takes all scales side by side, resized to the finest grid. That is the sum of one for
each scale, and a 1x1 convolution may as well come before the resizing: each scale is convolved on its own
grid, a third of the arithmetic for the same numbers but for rounding.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from isegformer.models.config import MlpDecoderConfig


class MlpDecoder(nn.Module):
    """Resizes every scale to the finest one, concatenates from fine to coarse and classifies each position.

    Source: SegFormer (Xie et al. 2021), section 3.2, with a ReLU after each convolution but the last, as in
    iSegFormer (MICCAI 2022).
    """

    def __init__(self, widths: Sequence[int], *, config: MlpDecoderConfig) -> None:
        super().__init__()
        self.scales = nn.ModuleList(nn.Conv2d(width, config.channels, 1) for width in widths)
        self.fuse = nn.Conv2d(config.channels * len(widths), config.channels, 1)
        self.dropout = nn.Dropout2d(config.dropout)
        self.classify = nn.Conv2d(config.channels, 1, 1)

    def forward(self, features: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Features from fine to coarse, (B, C_s, h_s, w_s) -> one logit map (B, 1, h, w)."""
        size = features[0].shape[-2:]
        weights = self.fuse.weight.chunk(len(self.scales), dim=1)  # each (D, D, 1, 1)
        mixed = [F.relu(scale(x)) for scale, x in zip(self.scales, features, strict=True)]
        fused = F.conv2d(mixed[0], weights[0], self.fuse.bias)  # (B, D, h, w)
        for x, weight in zip(mixed[1:], weights[1:], strict=True):
            part = F.conv2d(x, weight)  # (B, D, h_s, w_s)
            fused = fused + F.interpolate(part, size=size, mode="bilinear", align_corners=False)
        return (self.classify(self.dropout(F.relu(fused))),)
