"""A click: the one way in which a user tells a network about an object."""

from collections.abc import Sequence
from dataclasses import dataclass

from isegformer.errors import ClickError


@dataclass(frozen=True, kw_only=True, slots=True)
class Click:
    """One click on a slice, at the centre of the pixel (row, col)."""

    row: int
    col: int
    is_positive: bool
    """True: this pixel belongs to the object; False: it does not."""


def check_clicks_inside(clicks: Sequence[Click], shape: tuple[int, int]) -> None:
    """Raise ClickError unless every click lies on the slice of `shape` (height, width)."""
    height, width = shape
    for number, click in enumerate(clicks, start=1):
        if not (0 <= click.row < height and 0 <= click.col < width):
            raise ClickError(
                f"click {number} is at (row {click.row}, col {click.col}), expected a pixel of the slice: "
                f"rows 0 to {height - 1}, columns 0 to {width - 1}"
            )
