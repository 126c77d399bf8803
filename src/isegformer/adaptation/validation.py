"""How good are weights on cases that they were not adapted on? Clicks needed, and Dice after propagation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np

from isegformer.adaptation.case import AdaptationCase
from isegformer.evaluation import MAX_CLICKS, clicks_needed, dice, run_clicks
from isegformer.interaction import SlicePredictor
from isegformer.propagation import PropagationMethod, propagate_volume
from isegformer.slicing import Plane

Item = TypeVar("Item")

TARGET_IOUS = (0.80, 0.85, 0.90)
"""IoUs that clicks are counted to; the mean over several of them is less a matter of chance than one."""
TARGETS_TEXT = ", ".join(f"{iou:.2f}" for iou in TARGET_IOUS)
MOST_OBJECTS = 24
"""Objects on slices that clicks are counted on; more cost time and say little more."""
MOST_STACKS = 12
"""Objects in volumes that are propagated."""
ANNOTATED = (1, 3, 5)
"""Numbers of annotated slices from which an object is propagated."""


@dataclass(frozen=True, kw_only=True)
class ClickItem:
    """An object on a slice that is to be clicked."""

    case: AdaptationCase
    label: int
    plane: Plane


@dataclass(frozen=True, kw_only=True)
class ClickScore:
    """What the simulated user needed."""

    needed: tuple[float, ...]
    """For each item, the mean over TARGET_IOUS of the clicks to it, MAX_CLICKS where it was not reached."""

    @property
    def mean(self) -> float:
        """Mean number of clicks."""
        return float(np.mean(self.needed))


@dataclass(frozen=True, kw_only=True)
class StackItem:
    """An object that is to be propagated from some of its known slices."""

    case: AdaptationCase
    label: int
    annotated: tuple[int, ...]
    """Slices across the case's axis that are given, rising."""


@dataclass(frozen=True, kw_only=True)
class StackScore:
    """Dice of propagated objects."""

    dice: tuple[float, ...]
    """Over the known slices that were not given, for each item."""

    @property
    def mean(self) -> float:
        """Mean Dice."""
        return float(np.mean(self.dice))


def click_items(cases: Sequence[AdaptationCase], *, most: int = MOST_OBJECTS) -> tuple[ClickItem, ...]:
    """Return objects on slices, taken from all cases and objects in turn, from large to small.

    The first item of each object is its largest slice; then come slices spread over the others.
    """
    queues = [
        [ClickItem(case=case, label=label, plane=plane) for plane in _ordered_planes(case, label)]
        for case in cases
        for label in case.objects
    ]
    return tuple(islice(_in_turn(queues), most))


def stack_items(cases: Sequence[AdaptationCase], *, most: int = MOST_STACKS) -> tuple[StackItem, ...]:
    """Return objects with enough known slices to give some and to check on others."""
    queues = [
        [StackItem(case=case, label=label, annotated=chosen) for chosen in _annotated_choices(case, label)]
        for case in cases
        for label in case.objects
    ]
    return tuple(islice(_in_turn(queues), most))


def score_clicks(predictor: SlicePredictor, items: Sequence[ClickItem]) -> ClickScore:
    """Let the simulated user click on every item until the highest target is reached."""
    needed = []
    for item in items:
        target = item.case.mask(item.label, item.plane)
        run = run_clicks(predictor, item.case.image(item.plane), target, stop_iou=max(TARGET_IOUS))
        counts = [clicks_needed(run.ious, iou, max_clicks=MAX_CLICKS) for iou in TARGET_IOUS]
        needed.append(float(np.mean(counts)))
    return ClickScore(needed=tuple(needed))


def score_stacks(method: PropagationMethod, items: Sequence[StackItem]) -> StackScore:
    """Propagate every item and return the Dice on the known slices that were not given."""
    scores = []
    for item in items:
        case, axis = item.case, item.case.axis
        truth = np.where(case.labels == item.label, case.labels, 0)
        annotations = {index: np.take(truth, index, axis=axis) for index in item.annotated}
        result = propagate_volume(case.volume, annotations, axis=axis, method=method, window=case.window)
        checked = [index for index in case.known[axis] if index not in item.annotated]
        scores.append(dice(np.take(result, checked, axis=axis) > 0, np.take(truth, checked, axis=axis) > 0))
    return StackScore(dice=tuple(scores))


def _ordered_planes(case: AdaptationCase, label: int) -> list[Plane]:
    """Return the known slices of an object across the case's axis: the largest, then ever denser ones."""
    planes = case.planes_of(label, case.axis)
    if not planes:
        return []
    areas = [np.count_nonzero(case.mask(label, plane)) for plane in planes]
    largest = planes[int(np.argmax(areas))]
    halvings = max(1, (len(planes) - 1).bit_length())
    shares = [part / 2**level for level in range(halvings + 1) for part in range(2**level + 1)]
    spread = [planes[round(share * (len(planes) - 1))] for share in (0.5, *shares)]
    return list(dict.fromkeys([largest, *spread]))


def _annotated_choices(case: AdaptationCase, label: int) -> list[tuple[int, ...]]:
    """Return for each number in ANNOTATED the given slices, evenly spread; none where too few are known."""
    indices = [plane.index for plane in case.planes_of(label, case.axis, least_area_px=1)]
    choices = []
    for count in ANNOTATED:
        if len(indices) <= 2 * count:
            continue
        positions = (np.arange(count) + 0.5) / count * len(indices) - 0.5
        choices.append(tuple(sorted({indices[round(position)] for position in positions})))
    return choices


def _in_turn(queues: Sequence[Sequence[Item]]) -> Iterator[Item]:
    """Yield the first of every queue, then the second of every one, and so on."""
    for number in range(max((len(queue) for queue in queues), default=0)):
        yield from (queue[number] for queue in queues if number < len(queue))
