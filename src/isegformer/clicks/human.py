"""A simulated user that clicks as people do: near the middle of an error, and not quite where it was meant.

Where people click: RClicks (Antonov et al. 2024, NeurIPS) took 475,000 clicks and compared them with maps
of where to expect them: 1 in the error, or the depth in it. People's clicks score 1.4 to 1.6 times as high on
the map of depths as on the even one (NSS, table 6, five data sets). For clicks that all hit a disk, 1.6 is a
mean depth of two thirds of the largest one, which is the mean under a density proportional to depth to the
power 3. The same work widens errors by a Gaussian of about 1 % of the side of the image before it compares
clicks with them; we take half of that for the hand. How often people aim at a border, or leave the largest
error for another one, no study that we know of says: those two shares are assumptions.

The sign of a click is what the user meant. A hand that slips across the border leaves a click whose sign
contradicts the ground truth at its pixel, and the user does not take it back.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from isegformer.clicks.click import Click
from isegformer.clicks.simulation import ErrorDepths, draw_pixel, error_depths
from isegformer.errors import ConfigError
from isegformer.types import FloatArray, Mask

BORDER_DEPTH_PX = 1.5
"""Pixels of an error that are not deeper touch its border, if only with a corner."""


@dataclass(frozen=True, kw_only=True)
class HumanClickConfig:
    """How a person clicks; the module says which numbers were measured."""

    centrality: float = 3.0
    """A pixel is aimed at with probability proportional to its depth to this power; 0: all alike."""
    border_share: float = 0.1
    """How often the border of the error is aimed at instead."""
    other_error_share: float = 0.2
    """How often an error is chosen with probability proportional to its area, not the deepest one."""
    hand: float = 0.005
    """Standard deviation of the click around its aim, along either axis, over the square root of the slice's
    area: slices fill the screen, whatever their size in pixels."""

    def __post_init__(self) -> None:
        for name in ("border_share", "other_error_share"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ConfigError(f"{name} is {value}, expected between 0 and 1")
        for name in ("centrality", "hand"):
            value = getattr(self, name)
            if value < 0:
                raise ConfigError(f"{name} is {value}, expected at least 0")


def human_next_click(
    prediction: Mask,
    target: Mask,
    *,
    rng: np.random.Generator,
    clicked: Iterable[Click] = (),
    ignored: Mask | None = None,
    config: HumanClickConfig | None = None,
) -> Click | None:
    """Return where a person might click next, or None where nothing that can be clicked is wrong.

    Pixels clicked before, ignored pixels and pixels beyond the slice are never clicked; a hand that would
    slip onto one of them stays on its aim.

    Parameters
    ----------
    prediction, target : bool, (H, W)
    rng : source of all chance; equal states give equal clicks
    clicked : clicks made so far on this slice
    ignored : bool, (H, W), pixels without a known label

    Raises
    ------
    ShapeMismatchError : `prediction` and `target` differ in shape
    """
    config = config or HumanClickConfig()
    free = np.ones_like(target) if ignored is None else ~ignored
    for click in clicked:
        free[click.row, click.col] = False
    depths = error_depths(prediction, target, ignored=ignored)
    depths = ErrorDepths(missing=depths.missing * free, excess=depths.excess * free)
    if not (depths.missing.any() or depths.excess.any()):
        return None
    error, is_positive = _choose_error(depths, rng=rng, config=config)
    aim = _aim(error, rng=rng, config=config)
    row, col = _slip(aim, free, rng=rng, config=config)
    return Click(row=row, col=col, is_positive=is_positive)


def _choose_error(
    depths: ErrorDepths, *, rng: np.random.Generator, config: HumanClickConfig
) -> tuple[FloatArray, bool]:
    """Return the depths of one connected error, 0 outside it, and whether it is missing."""
    # As in `next_click`, a tie of depths is negative: the excess comes first, and argmax takes the first.
    maps = (depths.excess, depths.missing)
    labels = [_connected(each) for each in maps]
    areas = [np.bincount(each.ravel())[1:] for each in labels]  # without what is no error
    deepest = [
        ndimage.maximum(each, label, range(1, len(area) + 1))
        for each, label, area in zip(maps, labels, areas, strict=True)
    ]
    if rng.random() < config.other_error_share:
        chances = np.concatenate(areas)
        chosen = int(rng.choice(len(chances), p=chances / chances.sum()))
    else:
        chosen = int(np.concatenate(deepest).argmax())
    is_positive = chosen >= len(areas[0])
    label = chosen - len(areas[0]) if is_positive else chosen
    error = np.where(labels[is_positive] == label + 1, maps[is_positive], np.float32(0))
    return error, is_positive


def _connected(depths: FloatArray) -> NDArray[np.int32]:
    """Number the connected regions of an error from 1; pixels that touch by a corner are connected."""
    _, labels = cv2.connectedComponents((depths > 0).astype(np.uint8), connectivity=8)
    return np.asarray(labels, dtype=np.int32)


def _aim(error: FloatArray, *, rng: np.random.Generator, config: HumanClickConfig) -> tuple[int, int]:
    """Draw the pixel (row, col) of an error that the user means to click."""
    shallow = (error > 0) & (error <= BORDER_DEPTH_PX)
    if rng.random() < config.border_share and shallow.any():
        return draw_pixel(shallow, rng=rng)
    candidates = np.flatnonzero(error)
    weights = error.ravel()[candidates].astype(np.float64) ** config.centrality
    index = int(rng.choice(candidates, p=weights / weights.sum()))
    return index // error.shape[1], index % error.shape[1]


def _slip(
    aim: tuple[int, int], free: Mask, *, rng: np.random.Generator, config: HumanClickConfig
) -> tuple[int, int]:
    """Return the pixel (row, col) that the hand hits."""
    height, width = free.shape
    offset = rng.normal(scale=config.hand * np.sqrt(height * width), size=2)
    row, col = (int(value) for value in np.rint(np.add(aim, offset)))
    is_hit = 0 <= row < height and 0 <= col < width and bool(free[row, col])
    return (row, col) if is_hit else aim
