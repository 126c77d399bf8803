"""RITM's decoder on HRNet: object-contextual representations with an auxiliary head.

B is the batch, C the channels of all branches together, P = 2 K the pixel channels, K the key channels,
(h, w) the finest grid, R = 1 the number of object regions.

Source: Yuan et al. 2020, "Object-contextual representations for semantic segmentation".
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from isegformer.models.config import HrnetConfig
from isegformer.models.high_resolution import branch_widths


class OcrDecoder(nn.Module):
    """A first guess of the object gathers its features, which then describe each pixel's context."""

    def __init__(self, config: HrnetConfig) -> None:
        super().__init__()
        channels, keys = sum(branch_widths(config.width)), config.context_channels
        pixels = 2 * keys
        self.aux_head = nn.Sequential(
            nn.Conv2d(channels, channels, 1),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, 1, 1),
        )
        self.pixel_features = _conv_norm_relu(channels, pixels, kernel=3, bias=True)
        self.context = ObjectContext(pixels, keys=keys)
        self.combine = _conv_norm_relu(2 * pixels, pixels, kernel=1, bias=False)
        self.dropout = nn.Dropout2d(config.dropout)
        self.classify = nn.Conv2d(pixels, 1, 1)

    def forward(self, features: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Features from fine to coarse -> logits and the auxiliary head's logits, each (B, 1, h, w)."""
        size = features[0].shape[-2:]
        resized = [F.interpolate(x, size=size, mode="bilinear", align_corners=True) for x in features[1:]]
        joined = torch.cat([features[0], *resized], dim=1)  # (B, C, h, w)
        guess = self.aux_head(joined)  # (B, 1, h, w)
        pixels = self.pixel_features(joined)  # (B, P, h, w)
        context = self.context(pixels, gather_regions(pixels, guess))  # (B, P, h, w)
        combined = self.dropout(self.combine(torch.cat([context, pixels], dim=1)))
        return self.classify(combined), guess


class ObjectContext(nn.Module):
    """Attention from pixels to object regions.

    With a single region its softmax is 1 everywhere, so the pixel and region keys have no effect on the
    result and their gradient is zero; they are here because published checkpoints hold them.
    """

    def __init__(self, channels: int, *, keys: int) -> None:
        super().__init__()
        self.pixel_key = _two_layers(channels, keys)
        self.region_key = _two_layers(channels, keys)
        self.region_value = _conv_norm_relu(channels, keys, kernel=1, bias=False)
        self.out = _conv_norm_relu(keys, channels, kernel=1, bias=False)

    def forward(self, pixels: Tensor, regions: Tensor) -> Tensor:
        """(B, P, h, w) and (B, P, R, 1) -> (B, P, h, w)."""
        height, width = pixels.shape[-2:]
        query = self.pixel_key(pixels).flatten(2).transpose(1, 2)  # (B, hw, K)
        key = self.region_key(regions).flatten(2)  # (B, K, R)
        value = self.region_value(regions).flatten(2).transpose(1, 2)  # (B, R, K)
        weights = torch.softmax(query @ key * key.shape[1] ** -0.5, dim=-1)  # (B, hw, R)
        context = (weights @ value).transpose(1, 2).unflatten(2, (height, width))  # (B, K, h, w)
        return self.out(context)


def gather_regions(pixels: Tensor, logits: Tensor) -> Tensor:
    """Return each region's mean feature, weighted by its softmax over all positions; (B, P, R, 1).

    `pixels` is (B, P, h, w), `logits` (B, R, h, w).
    """
    weights = torch.softmax(logits.flatten(2), dim=2)  # (B, R, hw)
    return (pixels.flatten(2) @ weights.transpose(1, 2)).unsqueeze(3)


def _conv_norm_relu(in_channels: int, out_channels: int, *, kernel: int, bias: bool) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2, bias=bias),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


def _two_layers(channels: int, keys: int) -> nn.Sequential:
    return nn.Sequential(
        *_conv_norm_relu(channels, keys, kernel=1, bias=False),
        *_conv_norm_relu(keys, keys, kernel=1, bias=False),
    )
