"""First clicks of a training sample: how many, and where on the object, its surroundings and its border.

Source: RITM (Sofiiuk et al. 2022), section 3.3; the numbers are those of its published code.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from isegformer.clicks.click import Click
from isegformer.clicks.simulation import depth, draw_pixel
from isegformer.errors import ClickError, ConfigError
from isegformer.types import Mask


@dataclass(frozen=True, kw_only=True)
class FirstClickConfig:
    """How the first clicks of a training sample are drawn."""

    most_per_sign: int = 24
    """No more clicks than this of either sign."""
    decay: float = 0.8
    """The probability of k clicks is proportional to decay ** k."""
    central_share: float = 0.0
    """How often the first positive click is deeper in the object than half of its largest depth."""
    erosion_px: int = 3
    """Positive clicks keep this distance from the border of the object, with `erosion_probability`."""
    erosion_probability: float = 0.9
    """How often positive clicks keep away from the border."""
    least_eroded_px: int = 10
    """Objects that keep fewer pixels after erosion are not eroded."""
    background_weight: float = 0.1
    """Share of negative clicks anywhere outside the object."""
    other_objects_weight: float = 0.4
    """Share of negative clicks on other objects."""
    border_weight: float = 0.5
    """Share of negative clicks in a band around the object."""
    border_width: float = 0.1
    """Width of that band over the square root of the object's area."""

    def __post_init__(self) -> None:
        if not 0 < self.decay < 1:
            raise ConfigError(f"decay is {self.decay}, expected between 0 and 1")
        if not 0 <= self.central_share <= 1:
            raise ConfigError(f"central_share is {self.central_share}, expected between 0 and 1")
        if self.most_per_sign < 1:
            raise ConfigError(f"most_per_sign is {self.most_per_sign}, expected at least 1")


def sample_first_clicks(
    target: Mask,
    *,
    others: Mask,
    rng: np.random.Generator,
    ignored: Mask | None = None,
    config: FirstClickConfig | None = None,
) -> list[Click]:
    """Draw the clicks with which a training sample starts: at least one positive, any number of negatives.

    Parameters
    ----------
    target : bool, (H, W), the object
    others : bool, (H, W), the other objects of the slice; may be empty
    ignored : bool, (H, W), pixels without a known class, which get no negative click; none by default

    Raises
    ------
    ClickError : the object is empty
    """
    config = config or FirstClickConfig()
    if not target.any():
        raise ClickError("cannot sample clicks on an empty object")
    inner = _eroded(target, rng=rng, config=config)
    positives = 1 + _draw_count(config.most_per_sign, config.decay, rng=rng)
    negatives = _draw_count(config.most_per_sign + 1, config.decay, rng=rng)
    clicks = [_click(inner, is_positive=True, rng=rng) for _ in range(positives)]
    if rng.random() < config.central_share:
        depths = depth(target)
        clicks[0] = _click(depths > 0.5 * depths.max(), is_positive=True, rng=rng)
    known = np.ones_like(target) if ignored is None else ~ignored
    regions = [region & known for region in negative_regions(target, others=others, config=config)]
    weights = np.array([config.background_weight, config.other_objects_weight, config.border_weight])
    for _ in range(negatives):
        region = regions[int(rng.choice(len(regions), p=weights / weights.sum()))]
        if region.any():
            clicks.append(_click(region, is_positive=False, rng=rng))
    return clicks


def negative_regions(target: Mask, *, others: Mask, config: FirstClickConfig) -> tuple[Mask, Mask, Mask]:
    """Return background, other objects and a band around the object, where negative clicks may fall."""
    width_px = int(np.ceil(config.border_width * np.sqrt(np.count_nonzero(target))))
    side = 2 * width_px + 1
    grown = cv2.dilate(target.astype(np.uint8), np.ones((side, side), np.uint8)).astype(bool)
    return ~target, others & ~target, grown & ~target


def _eroded(target: Mask, *, rng: np.random.Generator, config: FirstClickConfig) -> Mask:
    if rng.random() >= config.erosion_probability:
        return target
    kernel = np.ones((3, 3), np.uint8)
    # The border of the slice is not a border of the object, so nothing is worn away there.
    eroded = cv2.erode(target.astype(np.uint8), kernel, iterations=config.erosion_px).astype(bool)
    return eroded if np.count_nonzero(eroded) > config.least_eroded_px else target


def _draw_count(most: int, decay: float, *, rng: np.random.Generator) -> int:
    """Draw k in [0, most) with probability proportional to decay ** k."""
    weights = decay ** np.arange(most)
    return int(rng.choice(most, p=weights / weights.sum()))


def _click(region: Mask, *, is_positive: bool, rng: np.random.Generator) -> Click:
    row, col = draw_pixel(region, rng=rng)
    return Click(row=row, col=col, is_positive=is_positive)
