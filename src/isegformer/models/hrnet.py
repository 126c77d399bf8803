"""HRNetV2: high-resolution branches of residual convolution blocks.

Source: Wang et al. 2019, "Deep high-resolution representation learning for visual recognition".
"""

import torch.nn.functional as F
from torch import Tensor, nn

from isegformer.models.config import HrnetConfig
from isegformer.models.high_resolution import HighResolutionBackbone, branch_widths


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut; source: He et al. 2016."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, C, h, w)."""
        return F.relu(x + self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


def hrnet_backbone(config: HrnetConfig) -> HighResolutionBackbone:
    """Return HRNet's branches, from the stem's features at 1/2 to 1/4, 1/8, 1/16 and 1/32."""
    return HighResolutionBackbone(
        branch_widths(config.width),
        stem_depth=config.stem_depth,
        branch_depth=config.branch_depth,
        modules=config.modules,
        make_block=lambda _branch, channels: BasicBlock(channels),
        make_step_down=_step_down,
    )


def _step_down(in_channels: int, out_channels: int, is_last: bool) -> nn.Sequential:
    layers = [
        nn.Conv2d(in_channels, out_channels, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
    ]
    return nn.Sequential(*layers) if is_last else nn.Sequential(*layers, nn.ReLU())
