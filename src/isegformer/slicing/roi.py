"""Roi: a rectangle of whole pixels of a slice."""

from dataclasses import dataclass

import numpy as np

from isegformer.errors import GeometryError
from isegformer.types import AnyArray, Mask


@dataclass(frozen=True, slots=True)
class Roi:
    """Rows `row_start` to `row_stop` and columns `col_start` to `col_stop` in pixels, the stops exclusive.

    Raises
    ------
    GeometryError : a start below 0, or no pixel inside
    """

    row_start: int
    row_stop: int
    col_start: int
    col_stop: int

    def __post_init__(self) -> None:
        if not (0 <= self.row_start < self.row_stop and 0 <= self.col_start < self.col_stop):
            raise GeometryError(f"{self} is empty or starts below 0, expected 0 <= start < stop")

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.row_stop - self.row_start, self.col_stop - self.col_start

    def contains(self, row: float, col: float) -> bool:
        """Whether the pixel position lies inside; the stops are outside."""
        return self.row_start <= row < self.row_stop and self.col_start <= col < self.col_stop


def bounding_roi(mask: Mask) -> Roi:
    """Return the smallest ROI that holds every True pixel of `mask` (H, W).

    Raises
    ------
    GeometryError : the mask is empty
    """
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        raise GeometryError("the mask is empty, expected at least one pixel to bound")
    return Roi(int(rows[0]), int(rows[-1]) + 1, int(cols[0]), int(cols[-1]) + 1)


def roi_iou(first: Roi, second: Roi) -> float:
    """Return intersection over union of the pixels of two ROIs."""
    height = min(first.row_stop, second.row_stop) - max(first.row_start, second.row_start)
    width = min(first.col_stop, second.col_stop) - max(first.col_start, second.col_start)
    shared = max(height, 0) * max(width, 0)
    total = first.shape[0] * first.shape[1] + second.shape[0] * second.shape[1]
    return shared / (total - shared)


def crop_view(array: AnyArray, roi: Roi) -> AnyArray:
    """Return a view of the ROI of `array` (H, W, ...). Writing to it writes to `array`.

    Raises
    ------
    GeometryError : the ROI reaches outside the array
    """
    height, width = array.shape[:2]
    if roi.row_stop > height or roi.col_stop > width:
        raise GeometryError(f"{roi} reaches outside a slice of {height} x {width} pixels")
    return array[roi.row_start : roi.row_stop, roi.col_start : roi.col_stop]
