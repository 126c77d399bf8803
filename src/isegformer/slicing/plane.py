"""Planes of a volume: which slice a voxel lies on, and where.

A slice across `axis` keeps the two other axes in ascending order: rows run along the lower one, columns
along the higher one. (i, j, k) are voxel indices; (row, col) are pixel indices of the slice.
"""

from dataclasses import dataclass

from isegformer.errors import GeometryError
from isegformer.types import AnyArray

IN_PLANE_AXES = ((1, 2), (0, 2), (0, 1))
"""For each axis across which slices are taken: the axes of rows and columns."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plane:
    """One slice of a volume: all voxels whose index along `axis` is `index`."""

    axis: int
    index: int

    def __post_init__(self) -> None:
        check_axis(self.axis)
        if self.index < 0:
            raise GeometryError(f"slice index is {self.index}, expected at least 0")


@dataclass(frozen=True, kw_only=True, slots=True)
class PixelPosition:
    """Where a voxel lies when the volume is cut across one axis."""

    index: int
    row: int
    col: int


def check_axis(axis: int) -> None:
    """Raise GeometryError unless `axis` is 0, 1 or 2."""
    if axis not in (0, 1, 2):
        raise GeometryError(f"axis is {axis}, expected 0, 1 or 2")


def slice_shape(shape_vox: tuple[int, int, int], axis: int) -> tuple[int, int]:
    """Return (height, width) in pixels of the slices across `axis`."""
    check_axis(axis)
    row_axis, col_axis = IN_PLANE_AXES[axis]
    return shape_vox[row_axis], shape_vox[col_axis]


def slice_view(array: AnyArray, plane: Plane) -> AnyArray:
    """Return a view of one slice; (I, J, K, ...) -> (H, W, ...). Writing to it writes to `array`.

    Raises
    ------
    GeometryError : the slice lies outside the array
    """
    length = array.shape[plane.axis]
    if plane.index >= length:
        raise GeometryError(f"slice {plane.index} across axis {plane.axis}, expected 0 to {length - 1}")
    before: list[slice | int] = [slice(None)] * plane.axis
    return array[(*before, plane.index)]


def voxel_to_pixel(voxel: tuple[int, int, int], axis: int) -> PixelPosition:
    """Return slice index, row and column of the voxel (i, j, k) for slices across `axis`."""
    check_axis(axis)
    row_axis, col_axis = IN_PLANE_AXES[axis]
    return PixelPosition(index=voxel[axis], row=voxel[row_axis], col=voxel[col_axis])


def pixel_to_voxel(position: PixelPosition, axis: int) -> tuple[int, int, int]:
    """Return the voxel (i, j, k) of a pixel of a slice across `axis`; inverse of `voxel_to_pixel`."""
    check_axis(axis)
    row_axis, col_axis = IN_PLANE_AXES[axis]
    voxel = [0, 0, 0]
    voxel[axis], voxel[row_axis], voxel[col_axis] = position.index, position.row, position.col
    return voxel[0], voxel[1], voxel[2]
