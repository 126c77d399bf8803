"""Curves over effort, with intervals: what a method reaches after so many clicks or annotated slices."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from isegformer.evaluation.bands import bands
from isegformer.evaluation.cases import object_of
from isegformer.evaluation.clicks_needed import MAX_CLICKS, iou_after
from isegformer.evaluation.records import ClickRecord, VolumeRecord
from isegformer.evaluation.statistics import Estimate

REACHED = (0.85, 0.9)
"""IoU at which an object counts as reached, one chart for each."""

Record = TypeVar("Record", ClickRecord, VolumeRecord)


@dataclass(frozen=True, kw_only=True)
class Point:
    """What was reached on average after `effort`."""

    effort: int
    estimate: Estimate


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One method."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True, kw_only=True)
class CurveGroup:
    """Curves of several methods on one data folder."""

    title: str
    effort: str
    """What was spent, in words: clicks, annotated slices."""
    is_share: bool = False
    """The values are shares of objects, shown in per cent."""
    curves: tuple[Curve, ...]


def click_curves(records: Sequence[ClickRecord]) -> tuple[CurveGroup, ...]:
    """Return mean IoU and the shares of objects reached after 1 to 20 clicks.

    Parameters
    ----------
    records : of one data folder
    """
    named = _by_name([record for record in records if record.error is None])
    efforts = range(1, MAX_CLICKS + 1)
    return _not_empty(
        CurveGroup(title="Mean IoU", effort="clicks", curves=_curves(named, efforts, _iou)),
        *(
            CurveGroup(
                title=f"Objects at IoU {threshold:.2f}",
                effort="clicks",
                is_share=True,
                curves=_curves(named, efforts, _reached(threshold)),
            )
            for threshold in REACHED
        ),
    )


def volume_curves(records: Sequence[VolumeRecord]) -> tuple[CurveGroup, ...]:
    """Return Dice against annotated slices, given and of robot users, and against clicks of robot users.

    For every strategy of robot users methods are compared, and if there are several strategies those of the
    first method: all in one chart could not be told apart. Of a case that a robot user finished early the
    last Dice is kept; before its first mask its Dice is 0.

    Parameters
    ----------
    records : of one data folder
    """
    done = [record for record in records if record.error is None]
    robot = [record for record in done if record.curve]
    given = [record for record in done if not record.curve and record.metrics.get("dice") is not None]
    return _not_empty(
        CurveGroup(title="Dice, given slices", effort="annotated slices", curves=_given_slices(given)),
        *(group for title, named in _robot_charts(robot) for group in _robot_curves(title, named)),
    )


def _robot_charts(robot: Sequence[VolumeRecord]) -> Iterator[tuple[str, dict[str, list[VolumeRecord]]]]:
    """Yield the title of every chart of robot users, and the records of its curves by their names."""
    by_strategy = _grouped(robot, lambda record: record.key.setting)
    for strategy, records in by_strategy.items():
        yield f"Dice, {strategy}", _grouped(records, lambda record: record.key.method)
    if len(by_strategy) > 1:
        first = robot[0].key.method
        of_first = [record for record in robot if record.key.method == first]
        yield f"Dice, {first} by robot", _grouped(of_first, lambda record: record.key.setting)


def _robot_curves(title: str, named: dict[str, list[VolumeRecord]]) -> tuple[CurveGroup, ...]:
    steps = [step for records in named.values() for record in records for step in record.curve]
    slices = sorted({n_slices for n_slices, _, _ in steps})
    clicks = sorted({n_clicks for _, n_clicks, _ in steps})
    return (
        CurveGroup(
            title=title,
            effort="annotated slices",
            curves=_curves(named, slices, _dice_at_slices),
        ),
        CurveGroup(title=title, effort="clicks", curves=_curves(named, clicks, _dice_at_clicks)),
    )


def _grouped(
    records: Sequence[VolumeRecord], name: Callable[[VolumeRecord], str]
) -> dict[str, list[VolumeRecord]]:
    found: dict[str, list[VolumeRecord]] = {}
    for record in records:
        found.setdefault(name(record), []).append(record)
    return found


def _not_empty(*groups: CurveGroup) -> tuple[CurveGroup, ...]:
    return tuple(group for group in groups if group.curves)


def _curves(
    named: dict[str, list[Record]], efforts: Sequence[int], value: Callable[[Record, int], float]
) -> tuple[Curve, ...]:
    return tuple(
        Curve(
            name=name,
            points=_points(efforts, [[value(one, spent) for spent in efforts] for one in records], records),
        )
        for name, records in named.items()
    )


def _given_slices(records: Sequence[VolumeRecord]) -> tuple[Curve, ...]:
    """Return Dice by the number of slices that were asked for; of a list of slices by its length."""
    by_method: dict[str, dict[int, list[VolumeRecord]]] = {}
    for record in records:
        by_method.setdefault(record.key.method, {}).setdefault(_n_given(record), []).append(record)
    return tuple(
        Curve(
            name=method,
            points=tuple(
                point
                for n_slices in sorted(by_number)
                for point in _points(
                    [n_slices],
                    [[record.metrics["dice"] or 0.0] for record in by_number[n_slices]],
                    by_number[n_slices],
                )
            ),
        )
        for method, by_number in by_method.items()
    )


def _points(
    efforts: Sequence[int], values: Sequence[Sequence[float]], records: Sequence[Record]
) -> tuple[Point, ...]:
    estimates = bands(np.array(values), groups=[object_of(record.key).case for record in records])
    return tuple(
        Point(effort=spent, estimate=estimate) for spent, estimate in zip(efforts, estimates, strict=True)
    )


def _by_name(records: Sequence[ClickRecord]) -> dict[str, list[ClickRecord]]:
    """Return the records of each method; those of another user than the first are a curve of their own."""
    found: dict[str, list[ClickRecord]] = {}
    for record in records:
        is_first = record.key.setting == records[0].key.setting
        name = record.key.method if is_first else f"{record.key.method}, {record.key.setting} clicks"
        found.setdefault(name, []).append(record)
    return found


def _n_given(record: VolumeRecord) -> int:
    setting = record.key.setting
    return int(setting) if setting.isdecimal() else len(record.annotated)


def _reached(threshold: float) -> Callable[[ClickRecord, int], float]:
    def is_reached(record: ClickRecord, n_clicks: int) -> float:
        return float(any(iou >= threshold for iou in record.ious[:n_clicks]))

    return is_reached


def _iou(record: ClickRecord, n_clicks: int) -> float:
    return iou_after(record.ious, n_clicks)


def _dice_at_slices(record: VolumeRecord, n_slices: int) -> float:
    return next((dice for slices, _, dice in reversed(record.curve) if slices <= n_slices), 0.0)


def _dice_at_clicks(record: VolumeRecord, n_clicks: int) -> float:
    return next((dice for _, clicks, dice in reversed(record.curve) if clicks <= n_clicks), 0.0)
