"""How a region and the clicks in it are brought to the size of the network's input, and masks back.

Which rule a network was trained with matters where small objects are magnified: the published one puts clicks
up to one pixel of the slice away from what they were made on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch.nn.functional as F
from torch import Tensor

GridName: TypeAlias = Literal["corners", "centres"]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """One rule."""

    resized: Callable[[Tensor, tuple[int, int]], Tensor]
    """Resizes (1, C, h, w) to (height, width)."""
    moved: Callable[[float, float], float]
    """Position in the input of a row or column of the region; its second argument is input over region."""


def _resized_by_corners(tensor: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(tensor, size=size, mode="bilinear", align_corners=True)


def _moved_by_corners(position: float, scale: float) -> float:
    return position * scale


def _resized_by_centres(tensor: Tensor, size: tuple[int, int]) -> Tensor:
    is_smaller = size[0] < tensor.shape[-2]  # else pixels would be skipped
    return F.interpolate(tensor, size=size, mode="bilinear", align_corners=False, antialias=is_smaller)


def _moved_by_centres(position: float, scale: float) -> float:
    return (position + 0.5) * scale - 0.5


GRIDS: Mapping[GridName, Grid] = {
    "corners": Grid(resized=_resized_by_corners, moved=_moved_by_corners),
    "centres": Grid(resized=_resized_by_centres, moved=_moved_by_centres),
}
"""corners: corner pixels of image and mask stay on corners, a click at c goes to size * c / extent (RITM,
published code). centres: pixels are squares, and image, mask and clicks go where their centres go, as in our
training."""
