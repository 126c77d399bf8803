"""How many pixels of each slice are probably wrong, from what a propagation left and nothing else.

One object at a time. Every term is an area in px of the slice, so that their weights are plain numbers which
hold whatever the size of object and pixels; where they come from is in docs/decisions/0010-next-slice.md.
Shapes: T slices, H x W pixels of a slice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from isegformer.errors import ConfigError, PropagationError
from isegformer.propagation.evidence import SliceEvidence
from isegformer.types import Mask

Profile = NDArray[np.float64]
"""One number for each slice, (T,)."""


@dataclass(frozen=True, kw_only=True)
class ErrorWeights:
    """Expected wrong pixels for each pixel of a term; none is negative, so that more evidence never means
    less error."""

    entropy: float = 0.08
    """Of `SliceEvidence.entropy_px`."""

    disagreement: float = 0.12
    """Of `SliceEvidence.disagreement_px`."""

    change: float = 0.18
    """Of the area between the outlines on the two annotated slices around a slice, times 4 s (1 - s) with the
    share s of the way from one to the other: interpolation may be furthest off half way."""

    overrun: float = 0.57
    """Of the object's area beyond the outermost annotated slice, times the chance that it has ended
    before."""

    underrun: float = 0.23
    """Of the area of that slice's outline, less what the object has here, times the chance that it goes
    on."""

    def __post_init__(self) -> None:
        for item in fields(self):
            if getattr(self, item.name) < 0:
                raise ConfigError(f"{item.name} is {getattr(self, item.name)}, expected at least 0")


@dataclass(frozen=True, kw_only=True, eq=False)
class ObjectResult:
    """What a propagation left of one object."""

    area_px: Profile
    """Of the object on each slice, (T,)."""

    outlines: Mapping[int, Mask]
    """What was annotated, bool (H, W) by slice; at least one, slices without the object too."""

    evidence: Mapping[int, SliceEvidence]
    """By slice; slices may be missing."""

    step_px: float = 1.0
    """Distance between two slices over the side of a pixel."""

    extent: tuple[int, int] | None = None
    """First and last slice of the object, if a person has said so."""

    def __post_init__(self) -> None:
        if not self.outlines or not all(0 <= index < len(self.area_px) for index in self.outlines):
            raise PropagationError(
                f"annotated slices are {sorted(self.outlines)}, expected at least one, from 0 to "
                f"{len(self.area_px) - 1}"
            )
        if self.step_px <= 0:
            raise PropagationError(f"step_px is {self.step_px}, expected more than 0")

    @property
    def annotated(self) -> list[int]:
        """Indices of the annotated slices, rising."""
        return sorted(self.outlines)

    def ends(self) -> tuple[tuple[int, slice], tuple[int, slice]]:
        """Return the first and the last annotated slice, each with the slices beyond it."""
        first, last = self.annotated[0], self.annotated[-1]
        return (first, slice(0, first)), (last, slice(last + 1, len(self.area_px)))


HAZARD = 1.5
HAZARD_SLICES = 2
"""How soon objects end beyond their outermost annotated slices; see `chance_to_go_on`."""


def chance_to_go_on(result: ObjectResult) -> Profile:
    """Return the chance that the object goes on to each slice, (T,): 1 from the first annotated slice to the
    last.

    Beyond them it is exp(-HAZARD * x * n / (n + HAZARD_SLICES)), with the distance x from the outermost
    annotated slice over the radius of the outline there, and the number n of annotated slices that have the
    object: large objects are long, they taper before they end, and the more of one is known the less is left.
    If the outermost slice lacks the object, the chance is 0. If the extent is known, so is all this.
    """
    area_px = result.area_px
    n_known = np.count_nonzero(area_px[result.annotated])
    hazard = HAZARD * n_known / (n_known + HAZARD_SLICES)
    chance = np.ones(len(area_px))
    for end, beyond in result.ends():
        radius_px = np.sqrt(max(area_px[end], 1.0) / np.pi)
        far = np.abs(np.arange(len(area_px))[beyond] - end) * result.step_px / radius_px
        chance[beyond] = np.exp(-hazard * far) if area_px[end] > 0 else 0.0
        if result.extent is not None:
            index = np.arange(len(area_px))[beyond]
            chance[beyond] = (result.extent[0] <= index) & (index <= result.extent[1])
    return chance


def error_terms(result: ObjectResult) -> dict[str, Profile]:
    """Return the terms of the expected error by name, each (T,) in px; 0 on annotated slices."""
    terms = {item.name: np.zeros(len(result.area_px)) for item in fields(ErrorWeights)}
    for index, seen in result.evidence.items():
        terms["entropy"][index] = seen.entropy_px
        terms["disagreement"][index] = seen.disagreement_px or 0.0
    _add_change(terms["change"], result)
    _add_ends(terms, result, area=result.area_px, goes_on=chance_to_go_on(result))
    for term in terms.values():
        term[result.annotated] = 0
    return terms


def _add_change(change: Profile, result: ObjectResult) -> None:
    """Fill in the term between each two annotated slices."""
    for before, after in pairwise(result.annotated):
        moved_px = np.count_nonzero(result.outlines[before] ^ result.outlines[after])
        share = np.arange(1, after - before) / (after - before)
        change[before + 1 : after] = moved_px * 4 * share * (1 - share)


def _add_ends(terms: dict[str, Profile], result: ObjectResult, *, area: Profile, goes_on: Profile) -> None:
    """Fill in the terms beyond the outermost annotated slices."""
    for end, beyond in result.ends():
        terms["overrun"][beyond] = area[beyond] * (1 - goes_on[beyond])
        terms["underrun"][beyond] = np.maximum(area[end] - area[beyond], 0) * goes_on[beyond]


REASONS = {
    "entropy": "the network is undecided",
    "disagreement": "passes that met here disagree",
    "change": "the annotated outlines before and after differ",
    "overrun": "it goes on far beyond the last annotated slice",
    "underrun": "it may go on where it was ended",
}
"""What each term says, for a person."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ObjectError:
    """How wrong the result of one object probably is."""

    terms_px: Mapping[str, Profile]
    """Expected wrong pixels of each slice, (T,), by the term that they come from."""

    area_px: Profile
    """Of the object on each slice, (T,)."""

    goes_on: Profile
    """Chance that the object goes on to each slice, (T,)."""

    def error_px(self) -> Profile:
        """Return the expected wrong pixels of each slice, (T,)."""
        return np.asarray(np.sum(list(self.terms_px.values()), axis=0))

    def loss(self) -> Profile:
        """Return the expected wrong pixels of each slice over twice the object's size in the volume, (T,)."""
        return np.asarray(self.error_px() / (2 * self.area_px.sum()))

    def slice_dice(self, index: int) -> float:
        """Return the predicted Dice of the object on one slice; 1 where it is absent and expected to be."""
        error_px, area_px = float(self.error_px()[index]), float(self.area_px[index])
        return 1.0 if error_px == 0 else max(0.0, 1 - error_px / (error_px + 2 * area_px))

    def reason(self, index: int) -> str:
        """Return what speaks most against the result on a slice, in words."""
        strongest = max(self.terms_px, key=lambda name: float(self.terms_px[name][index]))
        return REASONS[strongest] if self.terms_px[strongest][index] > 0 else "nothing speaks against it here"


def object_error(result: ObjectResult, *, weights: ErrorWeights | None = None) -> ObjectError:
    """Return the expected error of an object that some annotated slice has."""
    chosen = ErrorWeights() if weights is None else weights
    terms = {name: getattr(chosen, name) * term for name, term in error_terms(result).items()}
    return ObjectError(terms_px=terms, area_px=result.area_px, goes_on=chance_to_go_on(result))


LOSS_SCALE = 1.99
LOSS_POWER = 1.59
"""From expected loss to predicted Dice, set on volumes: expected errors are too small where they are
large."""


def dice_from_loss(loss: Profile | float) -> Profile:
    """Return the predicted Dice of a volume from its expected loss, `ObjectError.loss` summed over its
    slices.

    It is exp(-(LOSS_SCALE * loss) ** LOSS_POWER): 1 without a loss, falling, above 0.

    Examples
    --------
    >>> dice_from_loss(np.array([0.0, 0.1])).round(3)
    array([1.   , 0.926])
    """
    return np.exp(-((LOSS_SCALE * np.asarray(loss)) ** LOSS_POWER))
