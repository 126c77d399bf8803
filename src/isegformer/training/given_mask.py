"""Masks that somebody already has: right in the main, wrong at the border and in parts.

In use a correction often starts from a mask that no click has made: one that was propagated from a neighbour,
or brought along. Samples that start from such a mask teach a network to keep what is right in it.
"""

import cv2
import numpy as np

from isegformer.clicks import depth
from isegformer.types import FloatArray, Mask

LARGEST_ERROR = 0.2
"""How far the border moves at most, standard deviation over the square root of the object's area."""
LARGEST_OFFSET = 0.12
"""How much the object grows or shrinks at most, over the square root of its area."""


def degraded(mask: Mask, *, rng: np.random.Generator) -> FloatArray:
    """Return a probability whose border wanders around that of a mask.

    The signed distance to the border is shifted as a whole and by a smooth random field; where the result is
    positive, the object is.

    Parameters
    ----------
    mask : bool, (H, W), not empty

    Returns
    -------
    FloatArray : (H, W), in [0, 1], soft over about two pixels at the new border
    """
    size_px = float(np.sqrt(np.count_nonzero(mask)))
    # Beyond the slice the object may go on, so its edge is no border that could attract the mask.
    outside_px = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    signed_px = depth(mask) - outside_px
    scale_px = rng.uniform(0.15, 0.8) * size_px
    field = _unit_field(mask.shape, scale_px, rng=rng)
    shift_px = size_px * rng.uniform(-LARGEST_OFFSET, LARGEST_OFFSET)
    moved = signed_px + shift_px + size_px * rng.uniform(0, LARGEST_ERROR) * field
    return np.asarray(1 / (1 + np.exp(-np.clip(2 * moved, -30, 30))), dtype=np.float32)


def _unit_field(shape: tuple[int, ...], scale_px: float, *, rng: np.random.Generator) -> FloatArray:
    """Return a smooth random field of standard deviation 1 whose bumps are about `scale_px` wide."""
    rows, cols = (max(2, int(np.ceil(length / max(scale_px, 1.0))) + 1) for length in shape)
    coarse = rng.standard_normal((rows, cols)).astype(np.float32)
    field = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(field / max(float(field.std()), 1e-6), dtype=np.float32)
