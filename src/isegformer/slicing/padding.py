"""Padding: how many pixels a network's input gains on each side, and the exact way back."""

from dataclasses import dataclass

import numpy as np

from isegformer.errors import GeometryError
from isegformer.types import AnyArray


@dataclass(frozen=True, kw_only=True, slots=True)
class Padding:
    """Pixels added above, below, left and right of a slice."""

    top: int
    bottom: int
    left: int
    right: int

    def __post_init__(self) -> None:
        if min(self.top, self.bottom, self.left, self.right) < 0:
            raise GeometryError(f"{self} has a negative side, expected at least 0")


def padding_to_multiple(shape: tuple[int, int], multiple: int) -> Padding:
    """Return the padding that makes both sides of `shape` (height, width) multiples of `multiple`.

    An odd pixel goes below and to the right, so that the slice stays in the middle.

    Raises
    ------
    GeometryError : `multiple` is below 1
    """
    if multiple < 1:
        raise GeometryError(f"multiple is {multiple}, expected at least 1")
    rows, cols = (-length % multiple for length in shape)
    return Padding(top=rows // 2, bottom=rows - rows // 2, left=cols // 2, right=cols - cols // 2)


def pad(array: AnyArray, padding: Padding) -> AnyArray:
    """Return a copy of `array` (H, W, ...) with zeros around it."""
    rest = [(0, 0)] * (array.ndim - 2)
    return np.pad(array, [(padding.top, padding.bottom), (padding.left, padding.right), *rest])


def unpad_view(array: AnyArray, padding: Padding) -> AnyArray:
    """Return a view of `array` (H, W, ...) without its padding; inverse of `pad`.

    Raises
    ------
    GeometryError : nothing would be left
    """
    height, width = array.shape[:2]
    if padding.top + padding.bottom >= height or padding.left + padding.right >= width:
        raise GeometryError(f"{padding} leaves nothing of an array of {height} x {width} pixels")
    return array[padding.top : height - padding.bottom, padding.left : width - padding.right]
