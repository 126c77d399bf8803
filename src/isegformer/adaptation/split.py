"""Which of a user's cases are learned from, and which tell whether that helped."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isegformer.adaptation.case import AdaptationCase
from isegformer.errors import DatasetError

VALIDATION_SHARE = 0.25
"""Share of the cases, or of the slices of a single case, that are kept for validation."""

LEAST_SLICES = 4
"""A single case is split by slices; with fewer, nothing can be said about the result."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """Cases for training and for validation; no slice is in both."""

    train: tuple[AdaptationCase, ...]
    validation: tuple[AdaptationCase, ...]


def split_cases(cases: Sequence[AdaptationCase], *, seed: int) -> Split:
    """Split off a quarter of the cases, at least one; a single case is split by its slices.

    Raises
    ------
    DatasetError : too little to learn from and to check on
    """
    if not cases:
        raise DatasetError("no cases were given, expected at least one labelled volume")
    if len(cases) == 1:
        return _split_by_slices(cases[0])
    count = max(1, round(VALIDATION_SHARE * len(cases)))
    order = np.random.default_rng(seed).permutation(len(cases))
    chosen = set(order[:count].tolist())
    return Split(
        train=tuple(case for number, case in enumerate(cases) if number not in chosen),
        validation=tuple(case for number, case in enumerate(cases) if number in chosen),
    )


def _split_by_slices(case: AdaptationCase) -> Split:
    """Keep every fourth labelled slice across the case's axis for validation; other axes are not used."""
    axis = case.axis
    labelled = sorted({plane.index for label in case.objects for plane in case.planes_of(label, axis)})
    if len(labelled) < LEAST_SLICES:
        raise DatasetError(
            f"{case.name} has {len(labelled)} labelled slices across axis {axis} that are large enough, "
            f"expected at least {LEAST_SLICES}, or a second case"
        )
    step = round(1 / VALIDATION_SHARE)
    kept = tuple(labelled[step // 2 :: step])
    used = tuple(index for index in labelled if index not in kept)
    return Split(
        train=(case.restricted({axis: used}, part="training slices"),),
        validation=(case.restricted({axis: kept}, part="validation slices"),),
    )
