"""Which slice a robot user annotates next.

Shapes: T slices, H x W pixels of a slice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from isegformer.propagation import Advice
from isegformer.types import Labels, Mask


@dataclass(frozen=True, kw_only=True, eq=False)
class Situation:
    """What lies before a robot user who has propagated at least once."""

    labels: Labels
    """Uint16 (T, H, W), the result."""

    goal: Labels
    """Uint16 (T, H, W), the truth. A person who leafs through the volume sees where objects begin and end;
    their outlines are for `worst` only."""

    annotated: tuple[int, ...]
    """Indices of the annotated slices, rising, at least one."""

    advise: Callable[[Mapping[int, tuple[int, int]]], Advice]
    """Makes advice from the result, given the extents of objects by label, or none."""

    rng: np.random.Generator

    def open_slices(self) -> list[int]:
        """Return the slices from one before the first with an object to one after the last, not annotated."""
        first, last = _extent(self.goal > 0)
        wide = range(max(first - 1, 0), min(last + 1, len(self.goal) - 1) + 1)
        return [index for index in wide if index not in self.annotated]


Strategy: TypeAlias = Callable[[Situation], int | None]
"""Returns the slice to annotate next; None: there is none left."""


def suggested(situation: Situation) -> int | None:
    """Return the slice that the propagation suggests; it knows nothing of the truth."""
    return _first(situation.advise({}))


def suggested_in_extent(situation: Situation) -> int | None:
    """Return the slice that the propagation suggests when told where objects begin and end, as `even` is."""
    return _first(
        situation.advise(
            {int(label): _extent(situation.goal == label) for label in np.unique(situation.goal) if label}
        )
    )


def _first(advice: Advice) -> int | None:
    return advice.suggestions[0].index if advice.suggestions else None


def _extent(mask: Mask) -> tuple[int, int]:
    """Return the first and the last slice of a mask (T, H, W) that is not empty."""
    present = np.flatnonzero(mask.any(axis=(1, 2)))
    return int(present[0]), int(present[-1])


def worst(situation: Situation) -> int | None:
    """Return the slice with the most wrong pixels, by the truth; None if every slice is right."""
    wrong = np.count_nonzero(situation.labels != situation.goal, axis=(1, 2))
    wrong[list(situation.annotated)] = 0
    return int(wrong.argmax()) if wrong.any() else None


def even(situation: Situation) -> int | None:
    """Return the slice furthest from all annotated ones and from both ends of the objects, the lower on a
    tie.

    Slices from one before the first with an object to one after it are the ends: quarters follow the middle,
    then eighths.
    """
    candidates = situation.open_slices()
    if not candidates:
        return None
    first, last = _extent(situation.goal > 0)
    marks = (*situation.annotated, first - 1, last + 1)
    return max(candidates, key=lambda index: (min(abs(index - mark) for mark in marks), -index))


def random(situation: Situation) -> int | None:
    """Return any slice of the objects' extent or next to it, all with the same chance."""
    candidates = situation.open_slices()
    return int(situation.rng.choice(candidates)) if candidates else None


STRATEGIES: Mapping[str, Strategy] = {
    "suggested": suggested,
    "suggested-in-extent": suggested_in_extent,
    "worst": worst,
    "even": even,
    "random": random,
}
"""By the name that users give; `worst` needs the truth and is a bound, no strategy for a person."""
