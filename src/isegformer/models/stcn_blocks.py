"""Building blocks of the propagation network: normalised residual blocks, plain residual blocks, attention.

Shapes: B samples, C channels, H x W pixels.
"""

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from isegformer.models.stcn_config import BOTTLENECK_EXPANSION, GROUP_CHANNELS, EncoderConfig, NormName


def make_norm(name: NormName, channels: int) -> nn.Module:
    """Return the normalisation layer called `name`."""
    if name == "batch":
        return nn.BatchNorm2d(channels)
    return nn.GroupNorm(channels // GROUP_CHANNELS, channels)


def _shortcut(in_channels: int, out_channels: int, *, stride: int, config: EncoderConfig) -> nn.Module:
    """Return what brings a block's input to its output's shape: nothing, or a 1x1 convolution and a norm."""
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    conv = nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=config.has_conv_bias)
    return nn.Sequential(conv, make_norm(config.norm, out_channels))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with a shortcut (He et al. 2016, figure 5 left)."""

    def __init__(self, in_channels: int, width: int, *, stride: int, config: EncoderConfig) -> None:
        super().__init__()
        bias = config.has_conv_bias
        self.conv1 = nn.Conv2d(in_channels, width, 3, stride=stride, padding=1, bias=bias)
        self.bn1 = make_norm(config.norm, width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=bias)
        self.bn2 = make_norm(config.norm, width)
        self.downsample = _shortcut(in_channels, width, stride=stride, config=config)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C_in, H, W) -> (B, width, H / stride, W / stride)."""
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + self.downsample(x))


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions with a shortcut; the stride is in the 3x3, as in torchvision's ResNet."""

    def __init__(self, in_channels: int, width: int, *, stride: int, config: EncoderConfig) -> None:
        super().__init__()
        out_channels, bias = width * BOTTLENECK_EXPANSION, config.has_conv_bias
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=bias)
        self.bn1 = make_norm(config.norm, width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=bias)
        self.bn2 = make_norm(config.norm, width)
        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=bias)
        self.bn3 = make_norm(config.norm, out_channels)
        self.downsample = _shortcut(in_channels, out_channels, stride=stride, config=config)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C_in, H, W) -> (B, 4 width, H / stride, W / stride)."""
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + self.downsample(x))


BLOCKS: dict[str, type[BasicBlock] | type[Bottleneck]] = {"basic": BasicBlock, "bottleneck": Bottleneck}


class ResidualEncoder(nn.Module):
    """A ResNet's stem and first three stages; gives the features at 1/2, 1/4, 1/8 and 1/16."""

    def __init__(self, in_channels: int, *, config: EncoderConfig) -> None:
        super().__init__()
        stem, kernel = config.stem_channels, config.stem_kernel
        self.conv1 = nn.Conv2d(
            in_channels, stem, kernel, stride=2, padding=kernel // 2, bias=config.has_conv_bias
        )
        self.bn1 = make_norm(config.norm, stem)
        inputs = (stem, *config.out_channels[:2])
        self.layer1 = self._stage(inputs[0], stage=0, stride=1, config=config)
        self.layer2 = self._stage(inputs[1], stage=1, stride=2, config=config)
        self.layer3 = self._stage(inputs[2], stage=2, stride=2, config=config)

    @staticmethod
    def _stage(in_channels: int, *, stage: int, stride: int, config: EncoderConfig) -> nn.Sequential:
        block, width = BLOCKS[config.block], config.widths[stage]
        first = block(in_channels, width, stride=stride, config=config)
        others = [
            block(config.out_channels[stage], width, stride=1, config=config)
            for _ in range(config.depths[stage] - 1)
        ]
        return nn.Sequential(first, *others)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(B, C, H, W) -> features at 1/2, 1/4, 1/8 and 1/16; H and W are multiples of 16."""
        half = F.relu(self.bn1(self.conv1(x)))  # (B, stem, H/2, W/2)
        pooled = F.max_pool2d(half, 3, stride=2, padding=1)  # (B, stem, H/4, W/4)
        quarter = self.layer1(pooled)
        eighth = self.layer2(quarter)
        return half, quarter, eighth, self.layer3(eighth)


class PlainResidualBlock(nn.Module):
    """x + conv(relu(conv(relu(x)))) without normalisation; a 3x3 convolution where the channels change."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        same = in_channels == out_channels
        self.downsample = nn.Identity() if same else nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C_in, H, W) -> (B, C_out, H, W)."""
        y = self.conv2(F.relu(self.conv1(F.relu(x))))
        return self.downsample(x) + y


class JoiningResidualBlock(PlainResidualBlock):
    """The same for objects' own features beside features of their slice, as if joined to one tensor.

    A convolution of joined channels is the sum of one for each part, so what belongs to the slice is
    convolved once for all objects on it.
    """

    def __init__(self, own_channels: int, slice_channels: int, *, out_channels: int) -> None:
        super().__init__(own_channels + slice_channels, out_channels)
        self.own_channels = own_channels

    def forward(self, own: Tensor, of_slice: Tensor) -> Tensor:  # type: ignore[override]  # two inputs
        """(N, C_own, H, W) and (N or 1, C_slice, H, W) -> (N, C_out, H, W)."""
        y = self.conv2(F.relu(self._joined(self.conv1, F.relu(own), F.relu(of_slice))))
        if isinstance(self.downsample, nn.Conv2d):
            return self._joined(self.downsample, own, of_slice) + y
        return torch.cat([own, of_slice.expand(own.shape[0], -1, -1, -1)], dim=1) + y

    def _joined(self, conv: nn.Conv2d, own: Tensor, of_slice: Tensor) -> Tensor:
        own_weight, slice_weight = conv.weight[:, : self.own_channels], conv.weight[:, self.own_channels :]
        return F.conv2d(own, own_weight, conv.bias, padding=1) + F.conv2d(of_slice, slice_weight, padding=1)


class ChannelSpatialAttention(nn.Module):
    """Channel, then spatial attention (CBAM, Woo et al. 2018, equations 1 to 3)."""

    def __init__(self, channels: int, *, reduction: int) -> None:
        super().__init__()
        hidden = channels // reduction
        self.channel = nn.Sequential(
            OrderedDict(hidden=nn.Linear(channels, hidden), relu=nn.ReLU(), out=nn.Linear(hidden, channels))
        )
        self.spatial = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        by_channel = self.channel(x.mean(dim=(2, 3))) + self.channel(x.amax(dim=(2, 3)))  # (B, C)
        x = x * torch.sigmoid(by_channel)[:, :, None, None]
        pooled = torch.cat([x.amax(dim=1, keepdim=True), x.mean(dim=1, keepdim=True)], dim=1)  # (B, 2, H, W)
        return x * torch.sigmoid(self.spatial(pooled))
