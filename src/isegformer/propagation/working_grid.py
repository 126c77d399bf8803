"""The grid that a network works on: slices enlarged if small, padded to multiples of 16, and the way back."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from isegformer.models.stcn import IMAGENET_MEAN, STRIDE_PX
from isegformer.slicing.padding import Padding, padding_to_multiple
from isegformer.types import AnyArray


@dataclass(frozen=True, kw_only=True)
class WorkingGrid:
    """From a slice of `slice_shape` to the network's grid and back; all shapes are (height, width) in px."""

    slice_shape: tuple[int, int]
    scaled_shape: tuple[int, int]
    """After enlarging; the same as `slice_shape` unless the slice is small."""

    @property
    def padding(self) -> Padding:
        """Pixels added around the enlarged slice; the odd one goes right and bottom."""
        return padding_to_multiple(self.scaled_shape, STRIDE_PX)

    @property
    def shape(self) -> tuple[int, int]:
        """Size of the network's input, multiples of 16."""
        added, (rows, cols) = self.padding, self.scaled_shape
        return rows + added.top + added.bottom, cols + added.left + added.right

    def frame(self, image: AnyArray, *, device: torch.device) -> Tensor:
        """Return the network's input (1, 3, H', W') of a slice in [0, 1], (H, W) or (H, W, 3).

        The border has ImageNet's mean colour, which the network's normalisation turns into zeros.
        """
        tensor = torch.from_numpy(np.array(image)).to(device=device, dtype=torch.float32)
        tensor = tensor.expand(3, -1, -1) if tensor.ndim == 2 else tensor.permute(2, 0, 1)
        tensor = tensor[None]  # (1, 3, H, W)
        if self.scaled_shape != self.slice_shape:
            tensor = F.interpolate(tensor, self.scaled_shape, mode="bilinear", align_corners=False)
        mean = torch.tensor(IMAGENET_MEAN, device=device).view(1, 3, 1, 1)
        padded = mean.repeat(1, 1, *self.shape)
        self._inside(padded).copy_(tensor)
        return padded

    def masks(self, masks: AnyArray, *, device: torch.device) -> Tensor:
        """Return masks (N, H, W) as 0 and 1 on the network's grid, (N, 1, H', W')."""
        tensor = torch.from_numpy(np.array(masks)).to(device=device, dtype=torch.float32)[:, None]
        if self.scaled_shape != self.slice_shape:
            tensor = F.interpolate(tensor, self.scaled_shape, mode="nearest-exact")
        added = self.padding
        return F.pad(tensor, (added.left, added.right, added.top, added.bottom))

    def crop(self, tensor: Tensor) -> Tensor:
        """Return (..., H', W') on the slice's pixels, (..., H, W); exact unless the slice was enlarged."""
        inside = self._inside(tensor)
        if self.scaled_shape == self.slice_shape:
            return inside
        flat = inside.reshape(-1, 1, *self.scaled_shape)
        resized = F.interpolate(flat, self.slice_shape, mode="bilinear", align_corners=False, antialias=True)
        return resized.reshape(*inside.shape[:-2], *self.slice_shape)

    def _inside(self, tensor: Tensor) -> Tensor:
        top, left = self.padding.top, self.padding.left
        rows, cols = self.scaled_shape
        return tensor[..., top : top + rows, left : left + cols]


def working_grid(
    shape: tuple[int, int], *, min_side_px: int | None, max_enlarged_side_px: int = 512
) -> WorkingGrid:
    """Return the grid for slices of `shape`.

    The shorter side becomes at least `min_side_px`, as far as that does not enlarge the longer one beyond
    `max_enlarged_side_px`: a slice of 1 x 400 px must not cost as much as one of 128 x 51200.
    """
    if min_side_px is None:
        return WorkingGrid(slice_shape=shape, scaled_shape=shape)
    factor = max(1.0, min(min_side_px / min(shape), max_enlarged_side_px / max(shape)))
    scaled = (round(shape[0] * factor), round(shape[1] * factor))
    return WorkingGrid(slice_shape=shape, scaled_shape=scaled)
