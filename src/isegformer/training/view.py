"""What a training sample shows of a slice: cut, scale, rotation, stretch and mirroring in one resampling."""

import cv2
import numpy as np

from isegformer.slicing.roi import bounding_roi
from isegformer.training.config import ViewConfig
from isegformer.types import AnyArray, FloatArray, Mask


def draw_view(target: Mask, *, rng: np.random.Generator, config: ViewConfig) -> FloatArray:
    """Draw the affine map from pixels of the slice to pixels of the sample, as OpenCV takes it.

    A share of the samples looks as after zoom-in: cut around the object with a random margin. The others
    show the slice about as large as the sample is, moved towards the object by a random share of the way.

    Parameters
    ----------
    target : bool, (H, W), not empty

    Returns
    -------
    FloatArray : (2, 3); maps (x, y, 1) of the slice to (x, y) of the sample, x along columns
    """
    box = bounding_roi(target)
    object_centre = 0.5 * np.array([box.col_start + box.col_stop - 1, box.row_start + box.row_stop - 1])
    if rng.random() < config.zoom_share:
        extent_px = max(box.shape) * rng.uniform(*config.zoom_margin)
        scale = min(config.side_px / extent_px, config.most_magnified)
        slack_px = 0.5 * max(0.0, config.side_px - max(box.shape) * scale)
        shown = object_centre
    else:
        scale = config.side_px * rng.uniform(*config.whole_scale) / max(target.shape)
        slack_px = 0.1 * config.side_px
        slice_centre = 0.5 * np.array([target.shape[1] - 1, target.shape[0] - 1])
        shown = slice_centre + rng.random() * (object_centre - slice_centre)
    quarter_turns = int(rng.integers(1, 4)) if rng.random() < config.quarter_turn_share else 0
    angle = np.deg2rad(rng.uniform(-config.rotation_deg, config.rotation_deg)) + np.pi / 2 * quarter_turns
    stretch = config.aspect ** rng.uniform(-1, 1)
    mirror = rng.choice([-1.0, 1.0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag([mirror * scale * np.sqrt(stretch), scale / np.sqrt(stretch)])
    middle = 0.5 * (config.side_px - 1) + rng.uniform(-slack_px, slack_px, size=2)
    shift = middle - linear @ shown
    return np.column_stack([linear, shift]).astype(np.float32)


def warp_image(image: FloatArray, view: FloatArray, *, side_px: int) -> FloatArray:
    """Resample an image (H, W) or (H, W, 3) to (side, side[, 3]); beyond the slice it is black."""
    shrink = float(np.sqrt(abs(np.linalg.det(view[:, :2]))))
    # Below half the size bilinear sampling would skip pixels; average them first.
    smooth = cv2.GaussianBlur(image, (0, 0), 0.4 / shrink) if shrink < 0.5 else image
    return np.asarray(cv2.warpAffine(smooth, view, (side_px, side_px), flags=cv2.INTER_LINEAR), np.float32)


def warp_labels(labels: AnyArray, view: FloatArray, *, side_px: int) -> AnyArray:
    """Resample labels or a mask (H, W) to (side, side) without mixing labels; beyond the slice it is 0."""
    warped = cv2.warpAffine(labels.astype(np.uint16), view, (side_px, side_px), flags=cv2.INTER_NEAREST)
    return np.asarray(warped).astype(labels.dtype)
