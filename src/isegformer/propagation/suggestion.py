"""Which slice to annotate next, how good the result probably is, and whether that is enough.

The expected error of a slice (`isegformer.propagation.expected_error`) is taken to grow in proportion to the
distance from the nearest annotated slice. So an annotation removes the error of its own slice and, of the
others up to the next annotated slices, the share by which they come closer to one. What that is worth is
measured in Dice of the object, averaged over objects, so that small ones count as much as large ones. See
docs/decisions/0010-next-slice.md. Shapes: T slices, H x W pixels of a slice.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from isegformer.errors import ConfigError, PropagationError
from isegformer.propagation.annotations import objects_in
from isegformer.propagation.evidence import EvidenceLog
from isegformer.propagation.expected_error import (
    ObjectError,
    ObjectResult,
    Profile,
    dice_from_loss,
    object_error,
)
from isegformer.types import Labels
from isegformer.volume.label_map import MAX_LABEL

MOST_SUGGESTIONS = 5
"""Slices that are suggested unless asked otherwise."""


@dataclass(frozen=True, kw_only=True)
class SliceSuggestion:
    """One slice that is worth annotating."""

    index: int
    """Of the slice."""

    gain: float
    """How much the predicted Dice, averaged over objects, is expected to rise."""

    predicted_dice: Mapping[int, float]
    """Of the result on this slice, by label; 1 where an object is absent and expected to be."""

    reason: str
    """For a person: the object that gains most, and what speaks against its result here."""


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What is known of a result without the truth."""

    predicted_dice: Mapping[int, float]
    """Of each object in the whole volume, by label."""

    suggestions: tuple[SliceSuggestion, ...]
    """Best first, each as if those before it were annotated already; empty if all slices are."""

    @property
    def least_dice(self) -> float:
        """Predicted Dice of the worst object."""
        return min(self.predicted_dice.values())

    def is_enough(self, target_dice: float) -> bool:
        """Return whether every object is predicted to have reached a Dice; a higher target never stops
        sooner.

        Raises
        ------
        ConfigError : a target that is not above 0 and at most 1
        """
        if not 0 < target_dice <= 1:
            raise ConfigError(f"target Dice is {target_dice}, expected above 0, at most 1")
        return self.least_dice >= target_dice


def advise(
    labels: Labels,
    *,
    annotated: Collection[int],
    evidence: EvidenceLog,
    step_px: float = 1.0,
    extents: Mapping[int, tuple[int, int]] = MappingProxyType({}),
    most: int = MOST_SUGGESTIONS,
) -> Advice:
    """Return predicted Dice and up to `most` suggestions for the result of a propagation.

    Parameters
    ----------
    labels : uint16 (T, H, W), the result; on annotated slices the annotation
    annotated : indices of all annotated slices, those without an object too
    evidence : what the propagation saw; where it saw nothing (no network, another process), shapes and
        distances alone speak
    step_px : distance between two slices over the side of a pixel
    extents : first and last slice of objects, by label, as far as a person has looked: where an object ends
    is
        what a propagation knows least about

    Raises
    ------
    PropagationError : no annotated slice, none that holds an object, or one outside the volume
    ConfigError : `most` is negative
    """
    if most < 0:
        raise ConfigError(f"number of suggestions is {most}, expected at least 0")
    rising = tuple(sorted(set(annotated)))
    objects = _objects(labels, rising)
    areas_px = _areas_px(labels, objects)
    errors = {
        label: object_error(
            ObjectResult(
                area_px=areas_px[label],
                outlines={index: labels[index] == label for index in rising},
                evidence=evidence.of(label),
                step_px=step_px,
                extent=extents.get(label),
            )
        )
        for label in objects
    }
    return Advice(
        predicted_dice={label: float(dice_from_loss(error.loss().sum())) for label, error in errors.items()},
        suggestions=tuple(_ranked(errors, rising, most=most)),
    )


def _objects(labels: Labels, annotated: Sequence[int]) -> list[int]:
    """Return the labels on the annotated slices, rising."""
    if not annotated or not 0 <= annotated[0] <= annotated[-1] < len(labels):
        raise PropagationError(
            f"annotated slices are {list(annotated)}, expected at least one, from 0 to {len(labels) - 1}"
        )
    objects = objects_in({index: labels[index] for index in annotated})
    if not objects:
        raise PropagationError(
            f"annotated slices {list(annotated)} hold no object, expected at least one label above 0"
        )
    return objects


def _areas_px(labels: Labels, objects: Sequence[int]) -> dict[int, Profile]:
    """Return the area of each object on each slice, (T,) by label."""
    areas_px = np.zeros((len(objects), len(labels)))
    for index, on_slice in enumerate(labels):  # one at a time: masks of the volume may not fit into memory
        areas_px[:, index] = np.bincount(on_slice.reshape(-1), minlength=MAX_LABEL + 1)[objects]
    return dict(zip(objects, areas_px, strict=True))


def _ranked(
    errors: Mapping[int, ObjectError], annotated: Sequence[int], *, most: int
) -> list[SliceSuggestion]:
    """Return suggestions, best first; of equal ones the lowest slice comes first."""
    losses = {label: error.loss() for label, error in errors.items()}
    taken = sorted(annotated)
    n_slices = len(next(iter(losses.values())))
    ranked: list[SliceSuggestion] = []
    while len(ranked) < most and len(taken) < n_slices:
        gains = {
            label: dice_from_loss(loss_left(loss, taken, goes_on=errors[label].goes_on))
            - dice_from_loss(loss.sum())
            for label, loss in losses.items()
        }
        mean = np.mean(list(gains.values()), axis=0)
        mean[taken] = -np.inf
        index = int(mean.argmax())
        leader = max(gains, key=lambda label: (gains[label][index], -label))
        ranked.append(
            SliceSuggestion(
                index=index,
                gain=float(mean[index]),
                predicted_dice={label: error.slice_dice(index) for label, error in errors.items()},
                reason=f"object {leader}: {errors[leader].reason(index)}",
            )
        )
        losses = {
            label: loss * kept_share(taken, index, goes_on=errors[label].goes_on)
            for label, loss in losses.items()
        }
        taken = sorted([*taken, index])
    return ranked


def loss_left(loss: Profile, annotated: Sequence[int], *, goes_on: Profile) -> Profile:
    """Return the loss of the volume once each slice is annotated too, (T,); the whole loss for annotated
    ones.

    Parameters
    ----------
    loss : of each slice, (T,), at least 0
    annotated : indices, rising, at least one
    goes_on : chance that the object goes on to each slice, (T,); see `chance_to_go_on`
    """
    left = np.full(len(loss), loss.sum())
    for index in range(len(loss)):
        if index not in annotated:
            left[index] = loss @ kept_share(annotated, index, goes_on=goes_on)
    return left


def kept_share(annotated: Sequence[int], index: int, *, goes_on: Profile) -> Profile:
    """Return how much of each slice's error is left once `index` is annotated too, (T,) in [0, 1].

    The new distance from the nearest annotated slice over the old one; 1 beyond the annotated slices next to
    `index`, which no pass crosses. If `index` becomes the outermost one, what lies beyond it can only be
    wrong if the object goes on until there.

    Examples
    --------
    >>> kept_share([0], 2, goes_on=np.array([1.0, 0.9, 0.5, 0.2, 0.1]))
    array([1.        , 1.        , 0.        , 0.16666667, 0.25      ])
    """
    slices = np.arange(len(goes_on))
    distance = np.abs(slices[:, None] - np.asarray(annotated)[None]).min(axis=1)
    closer = np.minimum(distance, np.abs(slices - index))
    before = max((other for other in annotated if other < index), default=None)
    after = min((other for other in annotated if other > index), default=None)
    share = np.ones(len(goes_on))
    between = slice(0 if before is None else before + 1, after)
    share[between] = closer[between] / np.maximum(distance[between], 1)
    if after is None and before is not None:
        share[index + 1 :] *= _ratio(goes_on[index], goes_on[before])
    if before is None and after is not None:
        share[:index] *= _ratio(goes_on[index], goes_on[after])
    return share


def _ratio(chance: float, condition: float) -> float:
    return float(chance / condition) if condition > 0 else 0.0
