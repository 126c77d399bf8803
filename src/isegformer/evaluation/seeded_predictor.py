"""Methods without a network behind the interface of `SlicePredictor`: clicks become seeds, a method cuts.

What is the same for all of them, so that none has an advantage:

- A click is a disk, its radius a share of the slice's side; where disks of both signs overlap, neither
  counts.
- The outermost pixels of the slice are background too, or a single positive click would have nothing to be
  told from. They are not where a positive click is near: objects do touch the border of slices.
- Of the result only the regions that hold a positive click are kept, and their holes are filled unless a
  negative click lies in them, as tools for annotation do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from scipy import ndimage

from isegformer.clicks import Click
from isegformer.errors import ClickError, ConfigError
from isegformer.interaction import THRESHOLD, Prediction
from isegformer.interaction.predictor import NO_SLICE, check_request
from isegformer.interaction.slice_image import colours_of
from isegformer.types import FloatArray, Mask


@dataclass(frozen=True, kw_only=True)
class Seeds:
    """What is known of a slice before a method cuts it; maps are bool, (H, W), and do not overlap."""

    inside: Mask
    """Disks of the positive clicks; never empty."""
    outside: Mask
    """Disks of the negative clicks."""
    frame: Mask
    """Outermost pixels, taken for background."""

    @property
    def background(self) -> Mask:
        """Return all that is known not to be the object."""
        return self.outside | self.frame


@dataclass(frozen=True, kw_only=True)
class SeedConfig:
    """How clicks become seeds."""

    radius: float = 0.01
    """Radius of a click's disk over the square root of the slice's area; at least 1 px."""
    open_radius: float = 0.08
    """So near to a positive click, in the same unit, the outermost pixels may be object."""

    def __post_init__(self) -> None:
        for name in ("radius", "open_radius"):
            value = getattr(self, name)
            if value < 0:
                raise ConfigError(f"{name} is {value}, expected at least 0")


class SeedMethod(Protocol):
    """A method that cuts a slice into object and background."""

    def __call__(self, image: FloatArray, seeds: Seeds) -> FloatArray:
        """Return the probability of the object, (H, W), in [0, 1].

        Parameters
        ----------
        image : (H, W, 3), in [0, 1]
        seeds : with something inside, some background, and some pixels that are neither
        """
        ...


class SeededPredictor:
    """Predicts masks on a slice that is set once, with a method that needs no network."""

    def __init__(self, method: SeedMethod, config: SeedConfig | None = None) -> None:
        self.method = method
        self.config = config or SeedConfig()
        self._image: FloatArray | None = None

    def set_slice(self, image: FloatArray) -> None:
        """Choose the slice that later clicks refer to.

        Parameters and errors as in `SlicePredictor.set_slice`.
        """
        self._image = colours_of(image)

    def predict(self, clicks: Sequence[Click], previous: Prediction | None = None) -> Prediction:
        """Return the object that the clicks ask for; nothing as long as none of them is positive.

        Parameters
        ----------
        clicks : every click on this object and slice so far, in order
        previous : the prediction for the clicks before the last one, which these methods do without

        Raises
        ------
        ClickError : no click, a click outside the slice, or no slice was set
        ShapeMismatchError : `previous` belongs to a slice of another size
        """
        if self._image is None:
            raise ClickError(NO_SLICE)
        check_request(clicks, previous, shape=(self._image.shape[0], self._image.shape[1]))
        return Prediction(probability=self._probability(self._image, clicks))

    def _probability(self, image: FloatArray, clicks: Sequence[Click]) -> FloatArray:
        seeds = seeds_of(clicks, image.shape[:2], config=self.config)
        if not seeds.inside.any():
            return np.zeros(seeds.inside.shape, dtype=np.float32)
        known = seeds.inside | seeds.background
        if known.all() or not seeds.background.any():
            found = (~seeds.background).astype(np.float32)  # of a few pixels, nothing is left to cut
        else:
            found = np.asarray(self.method(image, seeds), dtype=np.float32).copy()
        found[seeds.inside] = 1
        found[seeds.background] = 0
        return _cleaned(found, clicks, outside=seeds.outside)


def seeds_of(clicks: Sequence[Click], shape: tuple[int, ...], *, config: SeedConfig) -> Seeds:
    """Return what clicks say of a slice of `shape` (height, width)."""
    side_px = float(np.sqrt(shape[0] * shape[1]))
    positive = [click for click in clicks if click.is_positive]
    radius_px = max(1.0, config.radius * side_px)
    inside = _disks(positive, shape, radius_px=radius_px)
    outside = _disks([click for click in clicks if not click.is_positive], shape, radius_px=radius_px)
    inside, outside = inside & ~outside, outside & ~inside
    for click in clicks:  # the clicked pixels themselves always count, the last word if one was clicked twice
        inside[click.row, click.col] = click.is_positive
        outside[click.row, click.col] = not click.is_positive
    frame = np.ones(shape, dtype=bool)
    frame[1:-1, 1:-1] = False
    frame &= ~_disks(positive, shape, radius_px=config.open_radius * side_px) & ~inside & ~outside
    return Seeds(inside=inside, outside=outside, frame=frame)


def _disks(clicks: Sequence[Click], shape: tuple[int, ...], *, radius_px: float) -> Mask:
    """Return the pixels within `radius_px` of a click, bool (H, W)."""
    disks = np.zeros(shape, dtype=bool)
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    for click in clicks:
        disks |= (rows - click.row) ** 2 + (cols - click.col) ** 2 <= radius_px**2
    return disks


def _cleaned(probability: FloatArray, clicks: Sequence[Click], *, outside: Mask) -> FloatArray:
    """Keep the regions that hold a positive click and fill their holes, except around negative clicks."""
    _, regions = cv2.connectedComponents((probability > THRESHOLD).astype(np.uint8), connectivity=4)
    held = {int(regions[click.row, click.col]) for click in clicks if click.is_positive} - {0}
    kept = np.isin(regions, list(held))
    holes, count = ndimage.label(~kept)
    closed = set(range(1, count + 1)) - set(np.unique(holes[outside]).tolist())
    closed -= set(np.unique(np.concatenate([holes[0], holes[-1], holes[:, 0], holes[:, -1]])).tolist())
    return np.where(np.isin(holes, list(closed)), 1, np.where(kept, probability, 0)).astype(np.float32)
