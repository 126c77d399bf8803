"""The simulated user: where would somebody click next?

A mask splits a slice into what is missing (false negative) and what is too much (false positive). Depth is
the Euclidean distance of a wrong pixel to the nearest pixel that is not wrong, the border of the slice
included; the deepest pixel is the centre of the largest error.

Source: RITM (Sofiiuk et al. 2022), section 3; iSegFormer (2022), section 3.2.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from isegformer.clicks.click import Click
from isegformer.errors import ClickError, ShapeMismatchError
from isegformer.types import AnyArray, FloatArray, Mask


@dataclass(frozen=True, kw_only=True)
class ErrorDepths:
    """Depth of every wrong pixel of a slice, in pixels; 0 where nothing is wrong."""

    missing: FloatArray
    """(H, W), of pixels of the object that the mask leaves out."""
    excess: FloatArray
    """(H, W), of pixels of the mask outside the object."""


def error_depths(prediction: Mask, target: Mask, *, ignored: Mask | None = None) -> ErrorDepths:
    """Return how deep every pixel lies inside an error.

    Parameters
    ----------
    prediction, target : bool, (H, W)
    ignored : bool, (H, W), pixels that belong to no error; none by default

    Raises
    ------
    ShapeMismatchError : the shapes differ
    """
    if prediction.shape != target.shape:
        raise ShapeMismatchError(f"prediction has shape {prediction.shape}, expected {target.shape}")
    counted = np.ones_like(target) if ignored is None else ~ignored
    return ErrorDepths(
        missing=depth(target & ~prediction & counted),
        excess=depth(prediction & ~target & counted),
    )


def depth(mask: Mask) -> FloatArray:
    """Return the exact distance of each pixel of a mask to the nearest one outside; beyond the slice counts.

    Parameters
    ----------
    mask : bool, (H, W)

    Returns
    -------
    FloatArray : (H, W), in pixels, 0 outside the mask
    """
    depths = np.zeros(mask.shape, np.float32)
    pixels = mask.astype(np.uint8)
    # The nearest pixel outside lies in the box around the mask or on the ring around that box.
    col, row, width, height = cv2.boundingRect(pixels)
    if width == 0:
        return depths
    box = np.s_[row : row + height, col : col + width]
    padded = cv2.copyMakeBorder(pixels[box], 1, 1, 1, 1, cv2.BORDER_CONSTANT | cv2.BORDER_ISOLATED, value=0)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    # OpenCV's last digit depends on where the array lies in memory. Equal depths must be equal, or the same
    # mask is clicked here today and there tomorrow; squared distances between pixels are whole numbers.
    depths[box] = np.sqrt(np.rint(np.square(distance, dtype=np.float64)))
    return depths


def next_click(
    prediction: Mask, target: Mask, *, clicked: Iterable[Click] = (), ignored: Mask | None = None
) -> Click | None:
    """Return the centre of the largest error, or None where nothing that can be clicked is wrong.

    Deterministic: the sign follows the deeper of the two errors (a tie is negative), the pixel is the first
    one in row-major order with the largest depth. Pixels clicked before are not proposed again.

    Parameters
    ----------
    prediction, target : bool, (H, W)
    clicked : clicks made so far on this slice
    ignored : bool, (H, W), pixels without a known label
    """
    depths = error_depths(prediction, target, ignored=ignored)
    missing, excess = depths.missing.copy(), depths.excess.copy()
    for click in clicked:
        missing[click.row, click.col] = excess[click.row, click.col] = 0
    is_positive = bool(missing.max() > excess.max())
    chosen = missing if is_positive else excess
    if chosen.max() == 0:
        return None
    row, col = np.unravel_index(int(chosen.argmax()), chosen.shape)
    return Click(row=int(row), col=int(col), is_positive=is_positive)


def perturbed_next_click(
    prediction: Mask,
    target: Mask,
    *,
    rng: np.random.Generator,
    ignored: Mask | None = None,
    least_depth: float = 0.5,
) -> Click | None:
    """Draw a click from the inner part of the larger error, the random perturbation used in training.

    Parameters
    ----------
    prediction, target, ignored : as in `next_click`
    least_depth : the pixel is deeper than this share of the largest depth, in [0, 1); 0: anywhere in it
    """
    depths = error_depths(prediction, target, ignored=ignored)
    is_positive = bool(depths.missing.max() > depths.excess.max())
    chosen = depths.missing if is_positive else depths.excess
    if chosen.max() == 0:
        return None
    row, col = draw_pixel(chosen > least_depth * chosen.max(), rng=rng)
    return Click(row=row, col=col, is_positive=is_positive)


def draw_pixel(mask: AnyArray, *, rng: np.random.Generator) -> tuple[int, int]:
    """Draw one pixel of a mask uniformly, as (row, col).

    Raises
    ------
    ClickError : the mask is empty
    """
    candidates = np.flatnonzero(mask)
    if not len(candidates):
        raise ClickError("no pixel to draw from: the mask is empty")
    row, col = np.unravel_index(int(candidates[rng.integers(len(candidates))]), mask.shape)
    return int(row), int(col)
