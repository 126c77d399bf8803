"""What the annotated shapes of one object say about the slices between and beyond them.

Between two annotated slices: where its border should be, and how far off that may be. Beyond the last: how
likely the object goes on. Lengths are in px of the slice, distances between slices count slices. Where the
constants come from is in docs/decisions/0008-shapes-and-network.md.
"""

from dataclasses import dataclass

import numpy as np

from isegformer.errors import ConfigError
from isegformer.propagation.interpolate import interpolated_distance, signed_distance
from isegformer.types import FloatArray, Mask

BORDER_PX = 0.5
"""Signed distance of the pixel centres on either side of a straight border."""

LARGEST_EXPONENT = 50.0
"""Keeps exp() finite; odds of e**-50 are none."""


@dataclass(frozen=True, kw_only=True)
class EvidenceConfig:
    """How much shapes and network count; all numbers are free of units of length."""

    bulge: float = 0.25
    """How far the border lies outside the interpolated one half way between two slices, over how far it moves
    from one to the other: objects are rounder than straight lines between their outlines."""

    reach: float = 0.2
    """How far one unit of the network's log-odds moves the border half way, over how far it may be off."""

    least_doubt: float = 0.2
    """How far a border may be off even if both outlines are equal, over the object's radius."""

    overhang: float = 0.4
    """Scale of how far objects go on beyond their outermost annotated slices, over the mean gap between them:
    less than if slices lay anywhere, because people also mark the ends."""

    least_depth: float = 0.05
    """Depth, over the deepest, that counts for pixels beyond the last outline or nearly so."""

    largest_log_odds: float = 3.0
    """Beyond this the network is not believed to be surer."""

    def __post_init__(self) -> None:
        if self.bulge < 0 or self.least_doubt < 0 or self.reach < 0:
            raise ConfigError(
                f"bulge is {self.bulge}, reach {self.reach} and least_doubt {self.least_doubt}, "
                "expected at least 0"
            )
        if min(self.overhang, self.least_depth, self.largest_log_odds) <= 0:
            raise ConfigError(
                f"overhang is {self.overhang}, least_depth {self.least_depth} and largest_log_odds "
                f"{self.largest_log_odds}, expected more than 0"
            )


@dataclass(frozen=True, kw_only=True)
class ShapeGap:
    """One object between two annotated slices, of which at least one has it."""

    first: FloatArray
    second: FloatArray
    """Signed distances (H, W) on the two slices; minus infinity where the object is absent."""

    motion_px: float
    """How far its border moves from one slice to the other, on average; if it ends, its depth."""

    radius_px: float
    """Of the disk that has its area, the mean of both slices."""

    def scores(self, log_odds: FloatArray, *, share: float, config: EvidenceConfig) -> FloatArray:
        """Return how far inside the object each pixel is, in px, (H, W); above 0 it belongs to it.

        The interpolated signed distance plus, in px, what roundness and the network add. Both vanish at the
        annotated slices and are largest half way, where the interpolation may be furthest off.

        Parameters
        ----------
        log_odds : of the network for the object, (H, W), within `largest_log_odds`
        share : of the way from the first slice to the second, in (0, 1)
        """
        doubt_px = float(np.hypot(self.motion_px, config.least_doubt * self.radius_px))
        added_px = config.bulge * self.motion_px + config.reach * doubt_px * log_odds
        distance_px = interpolated_distance(self.first, self.second, share=share)
        return np.asarray(distance_px + 4 * share * (1 - share) * added_px, dtype=np.float32)


def shape_gap(first: Mask, second: Mask) -> ShapeGap | None:
    """Return what two annotated slices, bool (H, W), say of an object; None if both lack it."""
    if not (first.any() or second.any()):
        return None
    one, other = signed_distance(first), signed_distance(second)
    area_px = (np.count_nonzero(first) + np.count_nonzero(second)) / 2
    return ShapeGap(
        first=one,
        second=other,
        motion_px=_motion_px(one, other),
        radius_px=float(np.sqrt(area_px / np.pi)),
    )


def _motion_px(first: FloatArray, second: FloatArray) -> float:
    """Return the mean distance in px from each border to the other one."""
    is_first, is_second = bool(np.isfinite(first).all()), bool(np.isfinite(second).all())
    if not (is_first and is_second):
        return float((first if is_first else second).max())
    to_second = np.abs(second[np.abs(first) <= BORDER_PX]).mean() - BORDER_PX
    to_first = np.abs(first[np.abs(second) <= BORDER_PX]).mean() - BORDER_PX
    return float(max(0.0, (to_second + to_first) / 2))


@dataclass(frozen=True, kw_only=True)
class ShapeEnd:
    """One object beyond the outermost of the annotated slices that have it."""

    outline: Mask
    """On that slice, bool (H, W), not empty."""

    n_slices: int
    """Annotated slices that have the object."""

    span: int
    """Slices from the first to the last of these."""

    def log_odds(self, distance: int, *, config: EvidenceConfig) -> FloatArray:
        """Return the log-odds, (H, W), that the object still has each pixel, from the annotated slices alone.

        If they lay anywhere on the object with equal chances and nothing else were known about its ends, the
        chance that it goes on for more than x slices would be (1 + x / span) ** (2 - n_slices): of two slices
        nothing follows, of many that the object ends soon. People rather spread them over the object and
        mark its ends, so that x counts against `overhang` times the mean gap. Towards its end an object
        shrinks to its deepest point: a pixel at a share q of the largest depth is left at `distance` if the
        object goes on for distance / q.

        Parameters
        ----------
        distance : slices from the outline, at least 1
        """
        if self.n_slices <= 2:
            return np.zeros(self.outline.shape, dtype=np.float32)
        depth = signed_distance(self.outline)
        share = np.maximum(depth / depth.max(), np.float32(config.least_depth))
        gap = self.span / (self.n_slices - 1)
        steps = distance / (share * config.overhang * gap)
        exponent = np.minimum((self.n_slices - 2) * np.log1p(steps), LARGEST_EXPONENT)
        return np.asarray(-np.log(np.expm1(exponent)), dtype=np.float32)
