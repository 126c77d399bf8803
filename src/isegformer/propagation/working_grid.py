"""The grid that a network works on: slices enlarged if small, padded to multiples of 16, and the way back."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from isegformer.models.stcn import IMAGENET_MEAN, STRIDE_PX
from isegformer.types import AnyArray


@dataclass(frozen=True, kw_only=True)
class WorkingGrid:
    """From a slice of `slice_shape` to the network's grid and back; all shapes are (height, width) in px."""

    slice_shape: tuple[int, int]
    scaled_shape: tuple[int, int]
    """After enlarging; the same as `slice_shape` unless the slice is small."""

    @property
    def padding_px(self) -> tuple[int, int, int, int]:
        """Pixels added left, right, top and bottom; the odd one goes right and bottom."""
        rows, cols = (-side % STRIDE_PX for side in self.scaled_shape)
        return cols // 2, cols - cols // 2, rows // 2, rows - rows // 2

    @property
    def shape(self) -> tuple[int, int]:
        """Size of the network's input, multiples of 16."""
        left, right, top, bottom = self.padding_px
        return self.scaled_shape[0] + top + bottom, self.scaled_shape[1] + left + right

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
        return F.pad(tensor, self.padding_px)

    def crop(self, tensor: Tensor) -> Tensor:
        """Return (..., H', W') on the slice's pixels, (..., H, W); exact unless the slice was enlarged."""
        inside = self._inside(tensor)
        if self.scaled_shape == self.slice_shape:
            return inside
        flat = inside.reshape(-1, 1, *self.scaled_shape)
        resized = F.interpolate(flat, self.slice_shape, mode="bilinear", align_corners=False, antialias=True)
        return resized.reshape(*inside.shape[:-2], *self.slice_shape)

    def _inside(self, tensor: Tensor) -> Tensor:
        left, _, top, _ = self.padding_px
        rows, cols = self.scaled_shape
        return tensor[..., top : top + rows, left : left + cols]


def working_grid(shape: tuple[int, int], *, min_side_px: int | None) -> WorkingGrid:
    """Return the grid for slices of `shape`; the shorter side becomes at least `min_side_px`."""
    shorter = min(shape)
    if min_side_px is None or shorter >= min_side_px:
        return WorkingGrid(slice_shape=shape, scaled_shape=shape)
    scaled = (round(shape[0] * min_side_px / shorter), round(shape[1] * min_side_px / shorter))
    return WorkingGrid(slice_shape=shape, scaled_shape=scaled)
