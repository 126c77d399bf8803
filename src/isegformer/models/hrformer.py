"""HRFormer: HRNet's branches with transformer blocks of local attention and depthwise convolution.

B is the batch, C the channels, (h, w) the grid of a branch, M the window's side, N = M * M.

Source: Yuan et al. 2021, "HRFormer: High-resolution transformer for dense prediction"; numbers from
cls/configs/hrt/hrt_base.yaml of github.com/HRNet/HRFormer, commit 838e3a8. Windows lie centred on the padded
grid, the padding takes part in the attention, and windows are not shifted: the depthwise convolution carries
features from one to the next.
"""

from collections.abc import Iterator

import torch.nn.functional as F
from torch import Tensor, nn

from isegformer.models.config import HrformerConfig
from isegformer.models.high_resolution import BRANCHES, HighResolutionBackbone, branch_widths
from isegformer.models.stochastic_depth import DropPath, linear_rates
from isegformer.models.swin import WindowAttention

NORM_EPSILON = 1e-6
"""Added to the variance by the layer norms."""


class ConvFeedForward(nn.Sequential):
    """1x1, depthwise 3x3 and 1x1 convolution, each with batch norm and GELU."""

    def __init__(self, channels: int, *, hidden: int) -> None:
        super().__init__(
            nn.Conv2d(channels, hidden, 1),
            nn.BatchNorm2d(hidden),
            nn.GELU(),
            nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden),
            nn.BatchNorm2d(hidden),
            nn.GELU(),
            nn.Conv2d(hidden, channels, 1),
            nn.BatchNorm2d(channels),
            nn.GELU(),
        )


class HrformerBlock(nn.Module):
    """Pre-norm attention inside windows, then the convolutional feed-forward part."""

    def __init__(self, channels: int, *, heads: int, config: HrformerConfig, drop_path: float) -> None:
        super().__init__()
        self.window = config.window
        self.norm1 = nn.LayerNorm(channels, eps=NORM_EPSILON)
        self.attn = WindowAttention(channels, heads=heads, window=config.window)
        self.norm2 = nn.LayerNorm(channels, eps=NORM_EPSILON)
        self.mlp = ConvFeedForward(channels, hidden=channels * config.mlp_ratio)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, C, h, w)."""
        x = x.permute(0, 2, 3, 1)
        x = x + self.drop_path(self._attend(self.norm1(x)))
        change = self.mlp(self.norm2(x).permute(0, 3, 1, 2))  # (B, C, h, w)
        return x.permute(0, 3, 1, 2) + self.drop_path(change)

    def _attend(self, x: Tensor) -> Tensor:
        height, width = x.shape[1:3]
        missing_rows, missing_cols = -height % self.window, -width % self.window
        top, left = missing_rows // 2, missing_cols // 2
        x = F.pad(x, (0, 0, left, missing_cols - left, top, missing_rows - top))
        x = self.attn(x, None)
        return x[:, top : top + height, left : left + width]


def hrformer_backbone(config: HrformerConfig) -> HighResolutionBackbone:
    """Return HRFormer's branches, from the stem's features at 1/2 to 1/4, 1/8, 1/16 and 1/32."""
    rates = _block_rates(config)

    def make_block(branch: int, channels: int) -> HrformerBlock:
        heads = config.heads * 2**branch
        return HrformerBlock(channels, heads=heads, config=config, drop_path=next(rates[branch]))

    return HighResolutionBackbone(
        branch_widths(config.width),
        stem_depth=config.stem_depth,
        branch_depth=config.branch_depth,
        modules=config.modules,
        make_block=make_block,
        make_step_down=_step_down,
    )


def _block_rates(config: HrformerConfig) -> list[Iterator[float]]:
    """Return for each branch the drop rates of its blocks in order; they grow along the finest branch."""
    depths = [config.branch_depth * modules for modules in config.modules]
    rates = linear_rates(config.drop_path, sum(depths))
    starts = [
        sum(depths[: max(branch - 1, 0)]) for branch in range(BRANCHES)
    ]  # branch b appears in stage b + 1
    return [iter(rates[start:]) for start in starts]


def _step_down(in_channels: int, out_channels: int, is_last: bool) -> nn.Sequential:
    layers = [
        nn.Conv2d(in_channels, in_channels, 3, stride=2, padding=1, groups=in_channels, bias=False),
        nn.BatchNorm2d(in_channels),
        nn.Conv2d(in_channels, out_channels, 1, bias=False),
        nn.BatchNorm2d(out_channels),
    ]
    return nn.Sequential(*layers) if is_last else nn.Sequential(*layers, nn.ReLU())
