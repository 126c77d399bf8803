"""A case as a picture: the slice around the object, outlines of truth and prediction, and the clicks."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np

from isegformer.clicks import Click
from isegformer.errors import ShapeMismatchError, WriteError
from isegformer.evaluation.overlap import check_same_shape
from isegformer.evaluation.ranking import CaseRecord
from isegformer.types import AnyArray, FloatArray, Mask

MARGIN = 0.25
"""Shown around object, prediction and clicks, as a share of their extent."""
LEAST_SIDE_PX = 32
"""Of what is shown, where the slice has that much."""
MOST_PNG_PX = 400
"""Side of the largest picture that is stored; larger ones are reduced."""
CONTRAST = (0.005, 0.995)
"""Shares of the shown pixels that are black and white at most."""
LEAST_CONTRAST = 0.02
"""Between black and white; the noise of an even image would otherwise look like something."""
SUBPIXELS = 4
"""Outlines run along edges of pixels, in steps of one such part."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CasePicture:
    """What is needed to draw a case.

    Raises
    ------
    ShapeMismatchError : image, target and prediction are not of one shape
    """

    image: FloatArray
    """(H, W) or (H, W, 3), in [0, 1]."""
    target: Mask
    """(H, W), the object."""
    prediction: Mask
    """(H, W), what was found in the end."""
    clicks: tuple[Click, ...] = ()
    """On this slice."""
    pixel_aspect: float = 1.0
    """Height of a pixel over its width, in millimetres."""
    place: str = ""
    """Where in the case this slice lies, in words; empty where the name of the case says it."""

    def __post_init__(self) -> None:
        check_same_shape(self.prediction, self.target)
        if self.image.shape[:2] != self.target.shape or self.image.ndim not in (2, 3):
            raise ShapeMismatchError(
                f"image has shape {self.image.shape}, expected {self.target.shape}, or that with 3 colours"
            )


PictureSource: TypeAlias = Callable[[CaseRecord], Sequence[CasePicture]]
"""Returns a picture of each slice of a case that is shown. Called only for the few cases that are shown; may
read files and run a network."""


@dataclass(frozen=True, kw_only=True)
class Sign:
    """A click as it is drawn, in widths of a pixel from the upper left corner of what is shown."""

    x: float
    y: float
    is_positive: bool


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A picture ready for a page; outlines and clicks are drawn over the PNG."""

    png: str
    """The slice as a data URI."""
    width: int
    height: int
    """Pixels of the slice that are shown."""
    pixel_aspect: float
    """Height of a pixel over its width."""
    target: str
    prediction: str
    """Outlines as SVG paths, in pixels."""
    signs: tuple[Sign, ...]
    place: str
    """Where in the case the slice lies, in words; or empty."""

    @property
    def shown_height(self) -> float:
        """Height in widths of a pixel."""
        return self.height * self.pixel_aspect

    @property
    def radius(self) -> float:
        """Radius of the sign of a click, in widths of a pixel: the same share of every picture."""
        return max(self.width, self.shown_height) / 42

    @property
    def wide_percent(self) -> float:
        """Width of the picture, in per cent of the square in which it is shown."""
        return round(100 * min(1.0, self.width / self.shown_height), 2)

    @property
    def high_percent(self) -> float:
        """Height of the picture, in per cent of the square in which it is shown."""
        return round(100 * min(1.0, self.shown_height / self.width), 2)


@dataclass(frozen=True, kw_only=True)
class _Window:
    """The part of a slice that is shown, half-open."""

    top: int
    bottom: int
    left: int
    right: int


def draw_case(picture: CasePicture) -> Drawing:
    """Return the picture of a case, cut to what matters."""
    window = _window(picture)
    rows, cols = slice(window.top, window.bottom), slice(window.left, window.right)
    return Drawing(
        png=_png_uri(picture.image[rows, cols]),
        width=window.right - window.left,
        height=window.bottom - window.top,
        pixel_aspect=picture.pixel_aspect,
        target=outline_path(picture.target[rows, cols]),
        prediction=outline_path(picture.prediction[rows, cols]),
        signs=tuple(
            Sign(
                x=click.col - window.left + 0.5,
                y=(click.row - window.top + 0.5) * picture.pixel_aspect,
                is_positive=click.is_positive,
            )
            for click in picture.clicks
        ),
        place=picture.place,
    )


def outline_path(mask: Mask) -> str:
    """Return the outline of a mask as an SVG path along the edges of its pixels; "" if it is empty.

    Parameters
    ----------
    mask : bool, (H, W); pixel (row, col) covers x from col to col + 1 and y from row to row + 1
    """
    fine = np.kron(np.pad(mask, 1), np.ones((SUBPIXELS, SUBPIXELS), bool)).astype(np.uint8)
    outlines, _ = cv2.findContours(fine, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return " ".join(_closed(outline[:, 0, :]) for outline in outlines)


def _closed(points: AnyArray) -> str:
    """Return a closed path through points (n, 2) of the fine grid, which starts a pixel outside the mask."""
    at = (points + 0.5) / SUBPIXELS - 1
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in np.round(at, 2)) + "Z"


def _window(picture: CasePicture) -> _Window:
    """Return a square around object, prediction and clicks, moved and cut so that it lies on the slice."""
    marked = picture.target | picture.prediction
    for click in picture.clicks:
        marked[click.row, click.col] = True
    height, width = marked.shape
    if not marked.any():
        return _Window(top=0, bottom=height, left=0, right=width)
    rows, cols = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    extent = max(int(np.ptp(rows)), int(np.ptp(cols))) + 1
    side = max(round(extent * (1 + 2 * MARGIN)), LEAST_SIDE_PX)
    top, bottom = _span(rows, side=side, length=height)
    left, right = _span(cols, side=side, length=width)
    return _Window(top=top, bottom=bottom, left=left, right=right)


def _span(marked: AnyArray, *, side: int, length: int) -> tuple[int, int]:
    """Return a half-open span of `side` around the marked indices, within [0, length)."""
    start = (int(marked[0]) + int(marked[-1]) + 1 - side) // 2
    start = max(min(start, length - side), 0)
    return start, min(start + side, length)


def _png_uri(image: AnyArray) -> str:
    """Return an image (h, w) or (h, w, 3) as the data URI of a PNG, from its dark to its bright."""
    largest = max(image.shape[:2])
    if largest > MOST_PNG_PX:
        scale = MOST_PNG_PX / largest
        size = (max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1))
        image = cv2.resize(image.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    levels = np.rint(_stretched(image) * 255).astype(np.uint8)
    stored = levels if levels.ndim == 2 else np.ascontiguousarray(levels[..., ::-1])  # OpenCV takes BGR
    is_written, data = cv2.imencode(".png", stored)
    if not is_written:
        raise WriteError(
            f"could not write an image of shape {image.shape} as PNG, expected (H, W) or (H, W, 3)"
        )
    return "data:image/png;base64," + base64.b64encode(data.tobytes()).decode("ascii")


def _stretched(image: AnyArray) -> AnyArray:
    """Return an image in [0, 1] that uses all of it: a dark organ in a bright body would be seen as black."""
    known = np.nan_to_num(image)
    dark, bright = np.quantile(known, CONTRAST)
    stretched: AnyArray = np.clip((known - dark) / max(bright - dark, LEAST_CONTRAST), 0, 1)
    return stretched
