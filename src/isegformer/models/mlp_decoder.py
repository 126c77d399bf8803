"""The decoder of iSegFormer: each scale through a 1x1 convolution, all together through two more.

B is the batch, C_s the channels at scale s, D the decoder's channels, (h, w) the finest grid.
"""

from collections.abc import Sequence

import torch
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
        resized = [
            F.interpolate(F.relu(scale(x)), size=size, mode="bilinear", align_corners=False)
            for scale, x in zip(self.scales, features, strict=True)
        ]  # each (B, D, h, w)
        fused = F.relu(self.fuse(torch.cat(resized, dim=1)))  # (B, D, h, w)
        return (self.classify(self.dropout(fused)),)
