"""Slices one at a time: what a propagation method sees of a volume."""

from typing import Protocol

import numpy as np

from isegformer import scratch
from isegformer.errors import ShapeMismatchError
from isegformer.slicing.plane import Plane, slice_shape, slice_view
from isegformer.types import AnyArray, FloatArray, Labels
from isegformer.volume.intensity import Window, apply_window
from isegformer.volume.volume import Volume


class SliceSource(Protocol):
    """A stack of T slices of one size; each is made when it is asked for."""

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of every slice."""
        ...

    def __len__(self) -> int:
        """Return the number of slices."""
        ...

    def __getitem__(self, index: int) -> FloatArray:
        """Return slice `index` in [0, 1], float32 (H, W) or RGB (H, W, 3)."""
        ...

    def new_labels(self) -> Labels:
        """Return zeros for a result, uint16 (T, H, W); large ones lie on disk (`isegformer.scratch`).

        Those of a volume have its order in memory, so that putting the axis of the slices back in its place
        copies nothing.
        """
        ...


class ArraySlices:
    """Slices of an array in [0, 1], (T, H, W) or (T, H, W, 3)."""

    def __init__(self, stack: AnyArray) -> None:
        if stack.ndim not in (3, 4) or (stack.ndim == 4 and stack.shape[3] != 3):
            raise ShapeMismatchError(f"stack has shape {stack.shape}, expected (T, H, W) or (T, H, W, 3)")
        self._stack = stack

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of every slice."""
        return self._stack.shape[1], self._stack.shape[2]

    def __len__(self) -> int:
        """Return the number of slices."""
        return len(self._stack)

    def __getitem__(self, index: int) -> FloatArray:
        """Return slice `index` as float32."""
        return np.asarray(self._stack[index], dtype=np.float32)

    def new_labels(self) -> Labels:
        """Return zeros (T, H, W)."""
        return scratch.zeros(self._stack.shape[:3], np.uint16)


class VolumeSlices:
    """Slices of a volume across one axis through a window, RGB ones too (usually 0 to 255)."""

    def __init__(self, volume: Volume, *, axis: int, window: Window) -> None:
        self._voxels = volume.voxels
        self._axis = axis
        self._window = window
        depth, height, width = self._voxels.shape[:3]
        self._shape = slice_shape((depth, height, width), axis)

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of every slice."""
        return self._shape

    def __len__(self) -> int:
        """Return the number of slices."""
        return int(self._voxels.shape[self._axis])

    def __getitem__(self, index: int) -> FloatArray:
        """Return slice `index` in [0, 1]."""
        view = slice_view(self._voxels, Plane(axis=self._axis, index=index))
        return apply_window(view, self._window)

    def new_labels(self) -> Labels:
        """Return zeros (T, H, W), a view of (I, J, K)."""
        return np.moveaxis(scratch.zeros(self._voxels.shape[:3], np.uint16, order="F"), self._axis, 0)
