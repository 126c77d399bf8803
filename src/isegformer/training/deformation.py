"""Elastic deformation: a smooth random field of displacements that moves image and labels alike.

Several deformed copies of one image stand for neighbouring slices where there is no volume. S is the side.

Source: static-image stage of STCN (Cheng et al. 2021), section 4.2; random fields as Simard et al. 2003.
"""

import cv2
import numpy as np

from isegformer.types import AnyArray, FloatArray


def draw_field(
    rng: np.random.Generator, *, side_px: int, strength_px: float, smoothness_px: float
) -> FloatArray:
    """Draw displacements (S, S, 2) in px as (x, y), x along columns.

    Independent normal displacements of standard deviation `strength_px` lie on a grid of points about
    `smoothness_px` apart and are interpolated between them.
    """
    n_points = max(2, round(side_px / smoothness_px))
    coarse = rng.normal(0, strength_px, size=(n_points, n_points, 2)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (side_px, side_px), interpolation=cv2.INTER_CUBIC), np.float32)


def deform_image(image: FloatArray, field: FloatArray) -> FloatArray:
    """Return an image (S, S) or (S, S, 3) whose pixel (x, y) shows what was at (x, y) + field.

    Beyond the image it is black.
    """
    x, y = _sampled_at(field)
    return np.asarray(cv2.remap(image, x, y, interpolation=cv2.INTER_LINEAR), np.float32)


def deform_labels(labels: AnyArray, field: FloatArray) -> AnyArray:
    """Return labels (S, S) deformed as `deform_image` does, without mixing them; beyond the image 0."""
    x, y = _sampled_at(field)
    moved = cv2.remap(labels.astype(np.uint16), x, y, interpolation=cv2.INTER_NEAREST)
    return np.asarray(moved).astype(labels.dtype)


def _sampled_at(field: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return where each pixel is taken from, as maps of x and of y, (S, S)."""
    rows, cols = np.indices(field.shape[:2], dtype=np.float32)
    return cols + field[..., 0], rows + field[..., 1]
