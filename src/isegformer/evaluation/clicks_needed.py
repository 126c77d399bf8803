"""How many clicks does a network need? The deterministic user clicks until the mask is good enough.

Source: NoC protocol of RITM (Sofiiuk et al. 2022), used by iSegFormer (2022), section 4.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isegformer.clicks import Click, next_click
from isegformer.errors import ConfigError
from isegformer.evaluation.overlap import iou
from isegformer.interaction import Prediction, SlicePredictor
from isegformer.types import FloatArray, Mask

MAX_CLICKS = 20
"""Clicks after which the protocol gives up."""


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
    predictor: SlicePredictor,
    image: FloatArray,
    target: Mask,
    *,
    ignored: Mask | None = None,
    stop_iou: float = 1.0,
    max_clicks: int = MAX_CLICKS,
) -> ClickRun:
    """Click on an object until the mask reaches `stop_iou` or `max_clicks` are spent.

    Parameters
    ----------
    image : (H, W) or (H, W, 3), in [0, 1]
    target : bool, (H, W), the object
    ignored : bool, (H, W), pixels without a known label
    """
    predictor.set_slice(image)
    clicks: list[Click] = []
    ious: list[float] = []
    prediction: Prediction | None = None
    mask = np.zeros_like(target)
    while len(clicks) < max_clicks:
        click = next_click(mask, target, clicked=clicks, ignored=ignored)
        if click is None:
            break
        clicks.append(click)
        prediction = predictor.predict(clicks, prediction)
        mask = prediction.mask
        ious.append(iou(mask, target, ignored=ignored))
        if ious[-1] >= stop_iou:
            break
    return ClickRun(clicks=tuple(clicks), ious=tuple(ious), prediction=prediction)


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
