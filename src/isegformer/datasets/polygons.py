"""Polygons to masks.

Positions are (x, y) as in COCO's files: x to the right, y down, and pixel (row, col) covers x from col to
col + 1 and y from row to row + 1. A pixel belongs to a polygon if its centre lies inside, by the even-odd
rule.
"""

import numpy as np

from isegformer.errors import UnreadableCaseError
from isegformer.types import AnyArray, Mask

MAX_POINTS = 20_000
"""Points of a polygon; those of COCO and LVIS have a few hundred at most."""
MAX_CROSSINGS = 2**22
"""Rows that its edges cross, all together; an outline that zigzags over a whole photograph stays below."""


def mask_from_polygon(points: AnyArray, shape: tuple[int, int]) -> Mask:
    """Return the pixels (H, W) whose centres lie inside a polygon; what lies outside the image is cut off.

    Parameters
    ----------
    points : (N, 2), corners (x, y) in pixels

    Raises
    ------
    UnreadableCaseError : less than 3 corners, too many, or a position that is not finite

    Examples
    --------
    >>> mask_from_polygon(np.array([[1, 0], [3, 0], [3, 2], [1, 2]]), (3, 4)).astype(int).tolist()
    [[0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    """
    if not 3 <= len(points) <= MAX_POINTS or not np.isfinite(points).all():
        raise UnreadableCaseError(
            f"a polygon has {len(points)} corners, expected 3 to {MAX_POINTS}, all of them finite"
        )
    cols = shape[1]
    row, x = _crossings(np.asarray(points, dtype=np.float64), rows=shape[0])
    found = np.zeros(shape, np.bool_)
    if not len(row):
        return found
    start = np.clip(np.ceil(x - 0.5), 0, cols).astype(np.int64)
    box = slice(int(row.min()), int(row.max()) + 1), slice(int(start.min()), int(start.max()))
    height, width = box[0].stop - box[0].start, box[1].stop - box[1].start
    place = (row - box[0].start) * (width + 1) + start - box[1].start
    toggles = np.bincount(place, minlength=height * (width + 1)).reshape(height, width + 1)
    # To the right of each crossing, inside and outside change places.
    found[box] = np.bitwise_xor.accumulate(toggles[:, :width] % 2 == 1, axis=1)
    return found


def _crossings(points: AnyArray, *, rows: int) -> tuple[AnyArray, AnyArray]:
    """Return row and x of every crossing of an edge with the line through the pixel centres of a row."""
    x, y = points.T
    next_x, next_y = np.roll(x, -1), np.roll(y, -1)
    first = np.clip(np.ceil(np.minimum(y, next_y) - 0.5), 0, rows).astype(np.int64)
    end = np.clip(np.ceil(np.maximum(y, next_y) - 0.5), 0, rows).astype(np.int64)
    counts = end - first
    if counts.sum() > MAX_CROSSINGS:
        raise UnreadableCaseError(f"a polygon crosses {counts.sum()} rows, expected at most {MAX_CROSSINGS}")
    edge = np.repeat(np.arange(len(points)), counts)
    within = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
    row = first[edge] + within
    share = (row + 0.5 - y[edge]) / (next_y[edge] - y[edge])
    return row, x[edge] + share * (next_x[edge] - x[edge])
