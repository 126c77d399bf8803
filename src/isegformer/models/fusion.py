"""The fusion network: which of two predictions to trust on a slice between two annotated slices.

Shapes: N objects, H x W pixels.

Source: Cheng, Tai, Tang, "Modular Interactive Video Object Segmentation", CVPR 2021, section 3.3.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from isegformer.models.stcn import IMAGENET_MEAN, IMAGENET_STD

FUSION_CHANNELS = 32
"""Width of the published network."""

INPUT_CHANNELS = 9
"""Image 3, previous and current mask 2, attention 2, distances 2."""


class FusionNetwork(nn.Module):
    """A small residual network over the image, both masks, the attended difference and the distances."""

    pixel_mean: Tensor
    pixel_std: Tensor

    def __init__(self, channels: int = FUSION_CHANNELS) -> None:
        super().__init__()
        self.stem = nn.Conv2d(INPUT_CHANNELS, channels, 3, padding=1)
        self.residual1 = _residual(channels)
        self.residual2 = _residual(channels)
        self.head = nn.Conv2d(channels, 1, 3, padding=1)
        self.register_buffer("pixel_mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("pixel_std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)

    def forward(
        self, frame: Tensor, *, previous: Tensor, current: Tensor, attention: Tensor, distances: Tensor
    ) -> Tensor:
        """Return logits (N, 1, H, W).

        Parameters
        ----------
        frame : (1, 3, H, W) or (N, 3, H, W), RGB in [0, 1]
        previous, current : (N, 1, H, W), the stored and the new probability
        attention : (N, 2, H, W), where the newly annotated slice added to and took from the stored result
        distances : (N, 2) or (1, 2), distances to the other annotated slice (1 at the new one) and to the
            newly annotated slice, both over the distance between the two
        """
        n_objects, _, height, width = previous.shape
        image = ((frame - self.pixel_mean) / self.pixel_std).expand(n_objects, -1, -1, -1)
        where = distances[:, :, None, None].expand(n_objects, -1, height, width)
        x = F.relu(self.stem(torch.cat([image, previous, current, attention, where], dim=1)))
        x = F.relu(x + self.residual1(x))
        x = F.relu(x + self.residual2(x))
        return self.head(x)


def _residual(channels: int) -> nn.Sequential:
    first = nn.Conv2d(channels, channels, 3, padding=1)
    return nn.Sequential(first, nn.ReLU(), nn.Conv2d(channels, channels, 3, padding=1))
