"""How RITM's networks take images and clicks in: the first convolution, and the hint added after it.

Source: RITM (Sofiiuk et al. 2021), "Reviving iterative training with mask guidance", section 3.2 ("Conv1S").
"""

from typing import Literal

import torch
from torch import Tensor, nn

STEM_CHANNELS = 64
"""Channels after the first convolution, where image and hint meet."""
HINT_CHANNELS = 16
"""Channels of the hint before its 3x3 convolution."""
LEAKY_SLOPE = 0.2
"""Slope of the leaky ReLU for negative values."""
INITIAL_SCALE = 0.05
"""What the hint is multiplied with at the start, so that pretrained layers see familiar values."""

Stride = Literal[1, 2]


class ImageStem(nn.Module):
    """One 3x3 convolution, batch norm and ReLU."""

    def __init__(self, channels: int = STEM_CHANNELS, *, stride: Stride) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, C, ceil(H / stride), ceil(W / stride))."""
        return torch.relu(self.bn1(self.conv1(image)))


class ClickStem(nn.Module):
    """The hint's way to the channels and the grid of `ImageStem`."""

    def __init__(self, channels: int = STEM_CHANNELS, *, stride: Stride) -> None:
        super().__init__()
        self.mix = nn.Conv2d(3, HINT_CHANNELS, 1)
        self.spread = nn.Conv2d(HINT_CHANNELS, channels, 3, stride=stride, padding=1)
        self.scale = nn.Parameter(torch.full((1,), INITIAL_SCALE))

    def forward(self, hint: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, C, ceil(H / stride), ceil(W / stride))."""
        mixed = nn.functional.leaky_relu(self.mix(hint), LEAKY_SLOPE)
        return self.spread(mixed) * self.scale.abs()
