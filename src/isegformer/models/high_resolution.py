"""The layout that HRNet and HRFormer share: branches at several scales that exchange features all the way.

Block and step-down are given as functions, so that convolutional and transformer blocks fit in.
B is the batch, C_b the channels of branch b, (h, w) the grid of branch 0 at 1/4 of the input; branch b has
1 / 2^b of its rows and columns. Module names are those of the published state dicts.

Source: Wang et al. 2019, "Deep high-resolution representation learning for visual recognition".
"""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from isegformer.models.click_stem import STEM_CHANNELS

BRANCHES = 4
"""Branches of the last stage."""

MakeBlock = Callable[[int, int], nn.Module]
"""Called as make_block(branch, channels); returns a module (B, C, h, w) -> (B, C, h, w)."""

MakeStepDown = Callable[[int, int, bool], nn.Module]
"""Called as make_step_down(in_channels, out_channels, is_last); halves the grid, ends in ReLU unless last."""


def branch_widths(width: int) -> tuple[int, ...]:
    """Return the channels of each branch, doubled from one to the next."""
    return tuple(width * 2**branch for branch in range(BRANCHES))


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolution beside a shortcut; source: He et al. 2016."""

    EXPANSION = 4

    def __init__(self, in_channels: int, *, inner: int) -> None:
        super().__init__()
        out_channels = inner * self.EXPANSION
        self.conv1 = nn.Conv2d(in_channels, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.downsample = (
            None
            if in_channels == out_channels
            else nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, 4 * inner, h, w)."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        return F.relu(self.bn3(self.conv3(x)) + shortcut)


class ExchangeModule(nn.Module):
    """Some blocks on each branch, then every branch receives the sum of all, resized."""

    def __init__(
        self, widths: Sequence[int], *, depth: int, make_block: MakeBlock, make_step_down: MakeStepDown
    ) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(*(make_block(branch, width) for _ in range(depth)))
            for branch, width in enumerate(widths)
        )
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(
                _path(widths, source=source, target=target, make_step_down=make_step_down)
                for source in range(len(widths))
            )
            for target in range(len(widths))
        )

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """One feature map per branch, fine to coarse -> the same shapes."""
        features = [branch(x) for branch, x in zip(self.branches, features, strict=True)]
        return [self._received(target, features) for target in range(len(features))]

    def _received(self, target: int, features: Sequence[Tensor]) -> Tensor:
        size = features[target].shape[-2:]
        total = torch.zeros_like(features[target])
        for source, (path, x) in enumerate(zip(self._paths(target), features, strict=True)):
            sent = path(x)
            if source > target:
                sent = F.interpolate(sent, size=size, mode="bilinear", align_corners=True)
            total = total + sent
        return F.relu(total)

    def _paths(self, target: int) -> nn.ModuleList:
        paths = self.fuse_layers[target]
        assert isinstance(paths, nn.ModuleList)
        return paths


class HighResolutionBackbone(nn.Module):
    """From the stem's features at 1/2 to four branches at 1/4, 1/8, 1/16, 1/32."""

    def __init__(
        self,
        widths: Sequence[int],
        *,
        stem_depth: int,
        branch_depth: int,
        modules: tuple[int, int, int],
        make_block: MakeBlock,
        make_step_down: MakeStepDown,
    ) -> None:
        super().__init__()
        self.conv2 = nn.Conv2d(STEM_CHANNELS, STEM_CHANNELS, 3, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(STEM_CHANNELS)
        stem_width = STEM_CHANNELS * Bottleneck.EXPANSION
        inputs = (STEM_CHANNELS, *[stem_width] * (stem_depth - 1))
        self.layer1 = nn.Sequential(*(Bottleneck(before, inner=STEM_CHANNELS) for before in inputs))
        self.transition1 = nn.ModuleList((_conv3(stem_width, widths[0]), _new_branch(stem_width, widths[1])))
        self.transition2 = nn.ModuleList((*_kept(2), _new_branch(widths[1], widths[2])))
        self.transition3 = nn.ModuleList((*_kept(3), _new_branch(widths[2], widths[3])))

        def make_stage(branches: int) -> nn.Sequential:
            return nn.Sequential(
                *(
                    ExchangeModule(
                        widths[:branches],
                        depth=branch_depth,
                        make_block=make_block,
                        make_step_down=make_step_down,
                    )
                    for _ in range(modules[branches - 2])
                )
            )

        self.stage2, self.stage3, self.stage4 = make_stage(2), make_stage(3), make_stage(4)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, 64, H / 2, W / 2) -> [(B, C_b, h_b, w_b)] of the four branches, fine to coarse."""
        x = self.layer1(F.relu(self.bn2(self.conv2(x))))
        features = self.stage2([transition(x) for transition in self.transition1])
        for transition, stage in ((self.transition2, self.stage3), (self.transition3, self.stage4)):
            inputs = (*features, features[-1])  # the new branch starts from the coarsest one
            features = stage([step(x) for step, x in zip(transition, inputs, strict=True)])
        return features


def _path(widths: Sequence[int], *, source: int, target: int, make_step_down: MakeStepDown) -> nn.Module:
    """Return what turns a feature of branch `source` to the channels, and down to the grid, of `target`."""
    if source == target:
        return nn.Identity()
    if source > target:
        return nn.Sequential(
            nn.Conv2d(widths[source], widths[target], 1, bias=False), nn.BatchNorm2d(widths[target])
        )
    steps = target - source
    return nn.Sequential(
        *(make_step_down(widths[source], widths[source], False) for _ in range(steps - 1)),
        make_step_down(widths[source], widths[target], True),
    )


def _conv3(in_channels: int, out_channels: int, *, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


def _new_branch(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(_conv3(in_channels, out_channels, stride=2))


def _kept(branches: int) -> list[nn.Module]:
    return [nn.Identity() for _ in range(branches)]
