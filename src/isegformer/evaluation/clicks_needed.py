"""How many clicks does a network need? A simulated user clicks until the mask is good enough.

Source: NoC protocol of RITM (Sofiiuk et al. 2022), used by iSegFormer (2022), section 4.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from isegformer.clicks import Click
from isegformer.errors import ConfigError
from isegformer.evaluation.overlap import iou
from isegformer.evaluation.users import CentreClicker, SimulatedClicker
from isegformer.interaction import Prediction
from isegformer.types import FloatArray, Mask

MAX_CLICKS = 20
"""Clicks after which the protocol gives up."""
CENTRE = CentreClicker()
"""The user of published numbers."""


class ClickPredictor(Protocol):
    """What can be measured by clicks: a `SlicePredictor` with its network, or a method without one."""

    def set_slice(self, image: FloatArray) -> None:
        """Choose the slice that later clicks refer to; (H, W) or (H, W, 3), in [0, 1]."""
        ...

    def predict(self, clicks: Sequence[Click], previous: Prediction | None = None) -> Prediction:
        """Return the object that all clicks so far ask for, given the prediction before the last click."""
        ...


@dataclass(frozen=True, kw_only=True)
class ClickRun:
    """One object, clicked until it was good enough or the clicks were spent."""

    clicks: tuple[Click, ...]
    """In order."""
    ious: tuple[float, ...]
    """IoU after each click."""
    prediction: Prediction | None
    """The last one; None if there was nothing to click."""


def run_clicks(
    predictor: ClickPredictor,
    image: FloatArray,
    target: Mask,
    *,
    ignored: Mask | None = None,
    stop_iou: float = 1.0,
    max_clicks: int = MAX_CLICKS,
    user: SimulatedClicker = CENTRE,
    rng: np.random.Generator | None = None,
) -> ClickRun:
    """Click on an object until the mask reaches `stop_iou` or `max_clicks` are spent.

    Parameters
    ----------
    image : (H, W) or (H, W, 3), in [0, 1]
    target : bool, (H, W), the object
    ignored : bool, (H, W), pixels without a known label
    user : who clicks; by default the centre of the largest error is clicked
    rng : what the user leaves to chance; by default the same for every object
    """
    rng = np.random.default_rng(0) if rng is None else rng
    predictor.set_slice(image)
    clicks: list[Click] = []
    ious: list[float] = []
    prediction: Prediction | None = None
    mask = np.zeros_like(target)
    while len(clicks) < max_clicks:
        click = user.next(mask, target, clicked=clicks, ignored=ignored, rng=rng)
        if click is None:
            break
        clicks.append(click)
        prediction = predictor.predict(clicks, prediction)
        mask = prediction.mask
        ious.append(iou(mask, target, ignored=ignored))
        if ious[-1] >= stop_iou:
            break
    return ClickRun(clicks=tuple(clicks), ious=tuple(ious), prediction=prediction)


def iou_after(ious: Sequence[float], n_clicks: int) -> float:
    """Return the IoU after so many clicks; where clicking ended before, the last one; 0 without any click.

    Examples
    --------
    >>> iou_after([0.5, 0.86], 1), iou_after([0.5, 0.86], 20), iou_after([], 3)
    (0.5, 0.86, 0.0)
    """
    return ious[min(n_clicks, len(ious)) - 1] if ious else 0.0


def clicks_needed(ious: Sequence[float], threshold: float, *, max_clicks: int = MAX_CLICKS) -> int:
    """Return the number of the first click whose IoU reaches `threshold`, or `max_clicks` if none does.

    Examples
    --------
    >>> clicks_needed([0.5, 0.86, 0.9], 0.85)
    2
    >>> clicks_needed([0.5], 0.85)
    20
    """
    if not 0 < threshold <= 1:
        raise ConfigError(f"IoU threshold is {threshold}, expected above 0, at most 1")
    return next((n for n, value in enumerate(ious, start=1) if value >= threshold), max_clicks)
