"""How a slice is turned so that a radiologist recognises it."""

from dataclasses import dataclass

import numpy as np

from isegformer.slicing.plane import IN_PLANE_AXES
from isegformer.types import AnyArray
from isegformer.volume import Geometry

PREFERRED_UP = ("S", "A")
"""The side of the patient that is up: the head, or, on axial slices, the front."""

PREFERRED_LEFT = ("R", "A")
"""The side of the patient that is on the left of the picture, as radiologists look: from the feet, face to
face."""

OPPOSITE = {"R": "L", "L": "R", "A": "P", "P": "A", "S": "I", "I": "S"}

SIDES = np.array([["L", "R"], ["P", "A"], ["I", "S"]])
"""For x, y, z: the sides towards which negative and positive coordinates lie."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """How slices across one axis are turned for display."""

    is_transposed: bool
    is_flipped_vertically: bool
    is_flipped_horizontally: bool
    pixel_aspect: float
    """Height over width of a pixel of the turned slice."""
    sides: tuple[str, str, str, str]
    """The side of the patient at top, bottom, left and right."""


def display_turn(geometry: Geometry, axis: int) -> Turn:
    """Return how slices across `axis` are turned: head or front up, the patient's right on the left."""
    row_axis, col_axis = IN_PLANE_AXES[axis]
    row_side, col_side = _towards(geometry, row_axis), _towards(geometry, col_axis)
    is_transposed = _height_rank(row_side) > _height_rank(col_side)
    down, right = (col_side, row_side) if is_transposed else (row_side, col_side)
    vertical, horizontal = (col_axis, row_axis) if is_transposed else (row_axis, col_axis)
    is_flipped_vertically = down in PREFERRED_UP
    is_flipped_horizontally = right in PREFERRED_LEFT
    bottom = OPPOSITE[down] if is_flipped_vertically else down
    right = OPPOSITE[right] if is_flipped_horizontally else right
    return Turn(
        is_transposed=is_transposed,
        is_flipped_vertically=is_flipped_vertically,
        is_flipped_horizontally=is_flipped_horizontally,
        pixel_aspect=geometry.spacing_mm[vertical] / geometry.spacing_mm[horizontal],
        sides=(OPPOSITE[bottom], bottom, OPPOSITE[right], right),
    )


def to_display(image: AnyArray, turn: Turn) -> AnyArray:
    """Return a slice (H, W, ...) turned for display; a view."""
    turned = np.swapaxes(image, 0, 1) if turn.is_transposed else image
    if turn.is_flipped_vertically:
        turned = turned[::-1]
    return turned[:, ::-1] if turn.is_flipped_horizontally else turned


def _towards(geometry: Geometry, axis: int) -> str:
    """Return the side of the patient towards which an index grows most; oblique axes take the nearest."""
    direction = geometry.direction[:, axis]
    world = int(np.abs(direction).argmax())
    return str(SIDES[world, int(direction[world] > 0)])


def _height_rank(side: str) -> int:
    """Return 0 for head-foot, 1 for front-back, 2 for left-right: the lower rank becomes the vertical."""
    return ("SI", "AP", "RL").index(next(pair for pair in ("SI", "AP", "RL") if side in pair))
