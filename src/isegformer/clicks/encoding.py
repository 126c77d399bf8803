"""Click maps: what a network sees of the clicks."""

from collections.abc import Iterable

import numpy as np

from isegformer.clicks.click import Click
from isegformer.types import FloatArray


def encode_disks(
    positions: Iterable[tuple[float, float, bool]], shape: tuple[int, int], *, radius_px: float
) -> FloatArray:
    """Return the positive and the negative click map: 1 within `radius_px` of a click, else 0.

    Parameters
    ----------
    positions : (row, col, is_positive) in pixels of the network's input; fractions are kept, so clicks that
        were mapped into a resized crop need no rounding
    shape : (height, width) of the network's input
    radius_px : disk radius, inclusive, in pixels of the network's input

    Returns
    -------
    FloatArray : (2, H, W); first the positive map, then the negative one

    Source: RITM (Sofiiuk et al. 2022), disk encoding.

    Examples
    --------
    >>> encode_disks([(0, 1, True)], (2, 3), radius_px=1).astype(int).tolist()
    [[[1, 1, 1], [0, 1, 0]], [[0, 0, 0], [0, 0, 0]]]
    """
    height, width = shape
    maps = np.zeros((2, height, width), dtype=np.float32)
    for row, col, is_positive in positions:
        rows = _reach(row, radius_px, height)
        cols = _reach(col, radius_px, width)
        squared = (rows[:, None] - row) ** 2 + (cols[None, :] - col) ** 2
        if squared.size:
            window = maps[0 if is_positive else 1, rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
            window[squared <= radius_px**2] = 1.0
    return maps


def click_positions(clicks: Iterable[Click]) -> list[tuple[float, float, bool]]:
    """Return clicks in the form that `encode_disks` takes, for a network input that is the slice itself."""
    return [(float(click.row), float(click.col), click.is_positive) for click in clicks]


def _reach(centre: float, radius_px: float, length: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the indices in [0, length) within `radius_px` of `centre`."""
    first = max(0, int(np.ceil(centre - radius_px)))
    last = min(length - 1, int(np.floor(centre + radius_px)))
    return np.arange(first, last + 1)
