"""What a training sample shows of a slice: cut, scale, rotation, stretch and mirroring in one resampling."""

from collections.abc import Mapping
from typing import Protocol

import cv2
import numpy as np

from isegformer.slicing.roi import bounding_roi
from isegformer.training.config import FramingName, ViewConfig
from isegformer.types import AnyArray, FloatArray, Mask


class Framing(Protocol):
    """Draws a view: the affine map (2, 3) from (x, y, 1) of a slice to (x, y) of a sample; x is a column."""

    def __call__(self, target: Mask, *, rng: np.random.Generator, config: ViewConfig) -> FloatArray:
        """Draw a view of the object `target`, (H, W), not empty."""
        ...


def draw_zoom(target: Mask, *, rng: np.random.Generator, config: ViewConfig) -> FloatArray:
    """Draw a view as the network has it in use: of an object after zoom-in, or of a whole slice.

    A share of the samples looks as after zoom-in: cut around the object with a random margin. The others
    show the slice about as large as the sample is, moved towards the object by a random share of the way.
    """
    height_px, width_px = config.input_shape_px
    size_px = np.array([width_px, height_px])
    box = bounding_roi(target)
    object_centre = 0.5 * np.array([box.col_start + box.col_stop - 1, box.row_start + box.row_stop - 1])
    if rng.random() < config.zoom_share:
        extent_px = max(box.shape) * rng.uniform(*config.zoom_margin)
        scale = min(size_px.min() / extent_px, config.most_magnified)
        slack_px = 0.5 * np.maximum(0.0, size_px - max(box.shape) * scale)
        shown = object_centre
    else:
        scale = size_px.max() * rng.uniform(*config.whole_scale) / max(target.shape)
        slack_px = 0.1 * size_px
        slice_centre = 0.5 * np.array([target.shape[1] - 1, target.shape[0] - 1])
        shown = slice_centre + rng.random() * (object_centre - slice_centre)
    linear = scale * _turned(rng=rng, config=config)
    middle = 0.5 * (size_px - 1) + rng.uniform(-slack_px, slack_px)
    return np.column_stack([linear, middle - linear @ shown]).astype(np.float32)


def _turned(*, rng: np.random.Generator, config: ViewConfig) -> FloatArray:
    """Draw rotation, mirroring and a stretch that keeps the area, (2, 2)."""
    quarter_turns = int(rng.integers(1, 4)) if rng.random() < config.quarter_turn_share else 0
    angle = np.deg2rad(rng.uniform(-config.rotation_deg, config.rotation_deg)) + np.pi / 2 * quarter_turns
    stretch = config.aspect ** rng.uniform(-1, 1)
    mirror = rng.choice([-1.0, 1.0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(turn @ np.diag([mirror * np.sqrt(stretch), 1 / np.sqrt(stretch)]))


def draw_crop(target: Mask, *, rng: np.random.Generator, config: ViewConfig) -> FloatArray:
    """Draw a part of the resized slice, mirrored left to right half of the time.

    The object may be cut or missed. A resized slice that is smaller than the sample lies in its middle.

    Source: RITM (Sofiiuk et al. 2022) and iSegFormer (2022), published code: random resize, flip, pad, crop.
    """
    height_px, width_px = config.input_shape_px
    scale = rng.uniform(*config.crop_scale)
    beyond_px = scale * np.array([target.shape[1], target.shape[0]]) - (width_px, height_px)
    start_px = np.where(beyond_px > 0, rng.random(2) * beyond_px, 0.5 * beyond_px)
    shift = 0.5 * (scale - 1) - start_px  # pixel centres are whole numbers on both grids
    if rng.random() < 0.5:
        return np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], dtype=np.float32)
    return np.array([[-scale, 0, width_px - 1 - shift[0]], [0, scale, shift[1]]], dtype=np.float32)


FRAMINGS: Mapping[FramingName, Framing] = {"zoom": draw_zoom, "crop": draw_crop}
"""Ways to draw a view, by the name that a recipe gives them."""


def warp_image(image: FloatArray, view: FloatArray, *, shape_px: tuple[int, int]) -> FloatArray:
    """Resample an image (H, W) or (H, W, 3) to the shape of a sample; beyond the slice it is black."""
    shrink = float(np.sqrt(abs(np.linalg.det(view[:, :2]))))
    # Below half the size bilinear sampling would skip pixels; average them first.
    smooth = cv2.GaussianBlur(image, (0, 0), 0.4 / shrink) if shrink < 0.5 else image
    return np.asarray(cv2.warpAffine(smooth, view, shape_px[::-1], flags=cv2.INTER_LINEAR), np.float32)


def warp_labels(labels: AnyArray, view: FloatArray, *, shape_px: tuple[int, int]) -> AnyArray:
    """Resample labels or a mask (H, W) to a sample's shape, never mixing labels; beyond the slice it is 0."""
    warped = cv2.warpAffine(labels.astype(np.uint16), view, shape_px[::-1], flags=cv2.INTER_NEAREST)
    return np.asarray(warped).astype(labels.dtype)
