"""Zoom-in: which part of a slice the network sees, and at what size.

Source: RITM (Sofiiuk et al. 2022), zoom-in at inference; the numbers are those of its published code.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from isegformer.clicks import Click
from isegformer.errors import ConfigError
from isegformer.interaction.grids import GridName
from isegformer.slicing.roi import Roi, crop_view
from isegformer.types import FloatArray, Mask


@dataclass(frozen=True, kw_only=True)
class ZoomConfig:
    """How far the network zooms in on an object once there is a mask."""

    side_px: int = 400
    """Longer side of the network's input, in pixels."""
    margin: float = 1.4
    """Side of the region over side of the object, at least 1."""
    least_side_px: int = 200
    """Smallest side of the region, in pixels of the slice."""
    keep_iou: float = 0.5
    """A region is kept while its overlap with the one that the mask asks for is at least this."""
    object_threshold: float = 0.5
    """The object is where the previous probability is above this."""
    before_mask: Literal["as_is", "whole_slice"] = "as_is"
    """Without a mask the network sees the slice in its own size (RITM), or resized to `side_px`."""
    first_side_px: int | None = None
    """The side of the input while there is no mask, of "whole_slice"; None is `side_px`. On a whole slice a
    small object is a few pixels of the input, so that more of them pay."""
    grid: GridName = "corners"
    """Where pixels and clicks go when a region is resized: as published, or as in our training; see GRIDS."""
    clear_px: int = 0
    """Pixels of the slice that a mask keeps clear of the region's edges. Where it comes nearer, the object
    may go on outside, unseen: the region is chosen anew, around the mask, and the network looks again. Edges
    of the slice do not count. 0 as published: the outline ends at the edge until the region changes."""
    fit: Literal["longer_side", "square"] = "longer_side"
    """Keep the aspect ratio, or stretch the region to side_px x side_px ("fixed" zoom-in of RITM)."""

    def __post_init__(self) -> None:
        if self.margin < 1:
            raise ConfigError(f"zoom margin is {self.margin}, expected at least 1")
        if self.side_px < 16:
            raise ConfigError(f"zoom side is {self.side_px} px, expected at least 16")
        if self.first_side_px is not None and self.first_side_px < 16:
            raise ConfigError(f"first zoom side is {self.first_side_px} px, expected at least 16, or none")
        if self.least_side_px < 1:
            raise ConfigError(f"least zoom side is {self.least_side_px} px, expected at least 1")
        if self.clear_px < 0:
            raise ConfigError(f"clear_px is {self.clear_px}, expected 0 or more")
        if not 0 <= self.keep_iou <= 1:
            raise ConfigError(f"keep_iou is {self.keep_iou}, expected between 0 and 1")

    def before_a_mask(self) -> "ZoomConfig":
        """Return the settings for a look without a mask."""
        return replace(self, side_px=self.first_side_px or self.side_px)


def choose_roi(
    clicks: Sequence[Click],
    probability: FloatArray | None,
    *,
    current: Roi | None,
    shape: tuple[int, int],
    config: ZoomConfig,
) -> Roi | None:
    """Return the region that the network should see, or None for the slice as it is.

    Parameters
    ----------
    clicks : all clicks on the object so far
    probability : (H, W), of the previous prediction; None before the first one
    current : region of the previous prediction
    shape : (H, W) of the slice
    """
    from_first_click = config.before_mask == "whole_slice"
    whole = Roi(row_start=0, row_stop=shape[0], col_start=0, col_stop=shape[1]) if from_first_click else None
    if len(clicks) <= 1 and not from_first_click:
        return None
    candidate = None
    if probability is not None:
        candidate = object_roi(probability > config.object_threshold, clicks, config=config)
    if candidate is None:
        return whole
    if current is None or not _holds_positive_clicks(current, clicks):
        return candidate
    if probability is not None and is_cut(probability > config.object_threshold, current, config=config):
        return candidate
    return current if _extent_iou(current, candidate) >= config.keep_iou else candidate


def is_cut(mask: Mask, roi: Roi, *, config: ZoomConfig) -> bool:
    """Tell whether a mask (H, W) comes nearer than `config.clear_px` to an inner edge of the region."""
    height, width = mask.shape
    gap = config.clear_px
    seen = crop_view(mask, roi)
    rows, cols = seen.shape
    return bool(
        (roi.row_start > 0 and seen[:gap].any())
        or (roi.col_start > 0 and seen[:, :gap].any())
        or (roi.row_stop < height and seen[max(0, rows - gap) :].any())
        or (roi.col_stop < width and seen[:, max(0, cols - gap) :].any())
    )


def object_roi(mask: Mask, clicks: Sequence[Click], *, config: ZoomConfig) -> Roi | None:
    """Return the box of a mask and its positive clicks, widened and clamped; None if the mask is empty."""
    if not mask.any():
        return None
    marked = mask.copy()
    for click in clicks:
        if click.is_positive:
            marked[click.row, click.col] = True
    rows, cols = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    height, width = mask.shape
    row_start, row_stop = _widened(int(rows[0]), int(rows[-1]), length=height, config=config)
    col_start, col_stop = _widened(int(cols[0]), int(cols[-1]), length=width, config=config)
    return Roi(row_start=row_start, row_stop=row_stop, col_start=col_start, col_stop=col_stop)


def network_shape(roi: Roi, *, config: ZoomConfig) -> tuple[int, int]:
    """Return (height, width) of the network's input for a region, in pixels."""
    if config.fit == "square":
        return config.side_px, config.side_px
    height, width = roi.row_stop - roi.row_start, roi.col_stop - roi.col_start
    scale = config.side_px / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def _widened(first: int, last: int, *, length: int, config: ZoomConfig) -> tuple[int, int]:
    """Return the half-open range around the pixels first..last, widened about its centre and clamped."""
    centre = 0.5 * (first + last)
    extent = max(config.margin * (last - first + 1), config.least_side_px)
    # Both ends are pixels of the region in the reference, hence one more for the half-open end.
    start, end = round(centre - 0.5 * extent), round(centre + 0.5 * extent)
    return max(0, start), min(length - 1, end) + 1


def _holds_positive_clicks(roi: Roi, clicks: Sequence[Click]) -> bool:
    """Tell whether all positive clicks lie inside; the last row and column count as outside (RITM)."""
    return all(
        roi.row_start <= click.row < roi.row_stop - 1 and roi.col_start <= click.col < roi.col_stop - 1
        for click in clicks
        if click.is_positive
    )


def _extent_iou(a: Roi, b: Roi) -> float:
    """Return IoU of the row ranges times IoU of the column ranges; the union is their hull (RITM)."""
    rows = _range_iou((a.row_start, a.row_stop), (b.row_start, b.row_stop))
    cols = _range_iou((a.col_start, a.col_stop), (b.col_start, b.col_stop))
    return rows * cols


def _range_iou(a: tuple[int, int], b: tuple[int, int]) -> float:
    shared = max(0, min(a[1], b[1]) - max(a[0], b[0]))
    return shared / (max(a[1], b[1]) - min(a[0], b[0]))
