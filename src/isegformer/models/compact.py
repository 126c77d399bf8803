"""Our small click network: convolutional pyramid, attention at its top, top-down decoder.

Made for CPUs and little data: 3x3 convolutions learn from few images and are the fastest operation there,
attention runs only on the coarsest grid (1/32, 144 tokens for 384 x 384), where it costs almost nothing.

B is the batch, C the channels, (h, w) the grid of a scale.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from isegformer.models.config import CompactConfig


def conv_norm(in_channels: int, out_channels: int, *, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Return convolution and batch norm; the bias is the norm's."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, stride=stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(out_channels),
    )


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut; source: He et al. 2016, basic block."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv_norm(channels, channels)
        self.second = conv_norm(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, C, h, w)."""
        return F.relu(x + self.second(F.relu(self.first(x))))


class GridAttention(nn.Module):
    """Pre-norm transformer block over all positions of a grid.

    Positions enter through a 3x3 depthwise convolution, so that any grid size works (Chu et al. 2021,
    "Conditional positional encodings").
    """

    def __init__(self, channels: int, *, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.position = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.attention_norm = nn.LayerNorm(channels)
        self.query_key_value = nn.Linear(channels, 3 * channels)
        self.project = nn.Linear(channels, channels)
        self.mlp_norm = nn.LayerNorm(channels)
        self.mlp = nn.Sequential(
            nn.Linear(channels, 2 * channels), nn.GELU(), nn.Linear(2 * channels, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, C, h, w)."""
        batch, channels, height, width = x.shape
        x = x + self.position(x)
        tokens = x.flatten(2).transpose(1, 2)  # (B, hw, C)
        tokens = tokens + self._attend(self.attention_norm(tokens))
        tokens = tokens + self.mlp(self.mlp_norm(tokens))
        return tokens.transpose(1, 2).reshape(batch, channels, height, width)

    def _attend(self, tokens: Tensor) -> Tensor:
        batch, length, channels = tokens.shape
        qkv = self.query_key_value(tokens).view(batch, length, 3, self.heads, channels // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind()  # each (B, heads, hw, C / heads)
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.project(mixed.transpose(1, 2).reshape(batch, length, channels))


class CompactBackbone(nn.Module):
    """Features at 1/2, 1/4, ... from the sum of the two embeddings at 1/2."""

    def __init__(self, config: CompactConfig) -> None:
        super().__init__()
        widths, depths = config.widths, config.depths
        inputs = (widths[0], *widths[:-1])
        self.stages = nn.ModuleList(
            nn.Sequential(
                conv_norm(before, width, stride=1 if scale == 0 else 2),
                nn.ReLU(),
                *(ResidualBlock(width) for _ in range(depth)),
            )
            for scale, (before, width, depth) in enumerate(zip(inputs, widths, depths, strict=True))
        )
        self.attention = nn.Sequential(
            *(GridAttention(widths[-1], heads=config.attention_heads) for _ in range(config.attention_depth))
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, C_0, H / 2, W / 2) -> features from fine to coarse."""
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        features[-1] = self.attention(features[-1])
        return features


class TopDownDecoder(nn.Module):
    """Adds each coarser feature, upsampled, to the next finer one; one logit at the finest scale."""

    def __init__(self, widths: Sequence[int], *, decoder_widths: Sequence[int]) -> None:
        super().__init__()
        coarser = (*decoder_widths[1:], widths[-1])
        self.laterals = nn.ModuleList(
            conv_norm(width, out, kernel=1) for width, out in zip(widths[:-1], decoder_widths, strict=True)
        )
        self.descents = nn.ModuleList(
            conv_norm(above, out, kernel=1) for above, out in zip(coarser, decoder_widths, strict=True)
        )
        self.blocks = nn.ModuleList(ResidualBlock(out) for out in decoder_widths)
        self.classify = nn.Conv2d(decoder_widths[0], 1, 1)

    def forward(self, features: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Features from fine to coarse -> one logit map (B, 1, H / 2, W / 2)."""
        x = features[-1]
        for scale in reversed(range(len(self.laterals))):
            lateral = self.laterals[scale](features[scale])
            above = self.descents[scale](x)
            above = F.interpolate(above, size=lateral.shape[-2:], mode="bilinear", align_corners=False)
            x = self.blocks[scale](F.relu(lateral + above))
        return (self.classify(x),)


def image_embedding(channels: int) -> nn.Sequential:
    """Return what maps an image (B, 3, H, W) to (B, C, H / 2, W / 2): convolution and batch norm."""
    return conv_norm(3, channels, stride=2)


def click_embedding(channels: int) -> nn.Conv2d:
    """Return what maps a hint (B, 3, H, W) to (B, C, H / 2, W / 2): a convolution and no norm.

    A hint is almost empty, and emptier before the first prediction than after it. Batch statistics would
    differ between rounds, and between training and use, by an order of magnitude.
    """
    return nn.Conv2d(3, channels, 3, stride=2, padding=1)
