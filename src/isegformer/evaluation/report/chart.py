"""From curves to what is drawn: axes, ticks, polylines and bands in the units of an SVG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from isegformer.evaluation.report.curves import Curve, CurveGroup, Point
from isegformer.evaluation.report.table import THIN_SPACE
from isegformer.evaluation.statistics import Estimate

WIDTH, HEIGHT = 400, 270
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 12, 44
"""Margins of the drawing area."""
STYLES = 6
"""Looks of lines that can be told apart by colour and by dashes; more curves start again."""
MOST_TICKS = 6
"""On the axis of efforts."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The drawing area within the SVG."""

    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A mark on an axis."""

    at: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A point of a line, and what is said when it is pointed at."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """One curve."""

    name: str
    style: int
    """Which of the looks, 0 to STYLES - 1."""
    path: str
    """Points of a polyline."""
    band: str
    """Points of a polygon; "" where no point has an interval."""
    marks: tuple[Mark, ...]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Everything that an SVG of one chart needs, in its units, y downwards."""

    title: str
    effort: str
    description: str
    """The chart in words, for those who do not see it."""
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]


def chart_of(group: CurveGroup, *, names: Sequence[str]) -> Chart:
    """Return the drawing of a group of curves.

    Parameters
    ----------
    names : of all curves of the report; the place of a curve among them chooses its look
    """
    points = [point for curve in group.curves for point in curve.points]
    efforts = sorted({point.effort for point in points})
    first, last = efforts[0], efforts[-1]
    bottom = _bottom(min(_ends(point.estimate)[0] for point in points), is_share=group.is_share)

    def place(effort: int, value: float) -> tuple[float, float]:
        along = 0.5 if last == first else (effort - first) / (last - first)
        up = (value - bottom) / (1 - bottom)
        return LEFT + along * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    return Chart(
        title=group.title,
        effort=group.effort,
        description="; ".join(_in_words(curve, group) for curve in group.curves),
        x_ticks=tuple(Tick(at=place(effort, 1)[0], text=str(effort)) for effort in effort_ticks(efforts)),
        y_ticks=tuple(
            Tick(at=place(first, value)[1], text=_value_text(value, group, digits=1 if bottom < 0.9 else 2))
            for value in value_ticks(bottom)
        ),
        lines=tuple(
            Line(
                name=curve.name,
                style=names.index(curve.name) % STYLES,
                path=_joined([place(point.effort, point.estimate.mean) for point in curve.points]),
                band=_joined(
                    [place(point.effort, _ends(point.estimate)[1]) for point in curve.points]
                    + [place(point.effort, _ends(point.estimate)[0]) for point in reversed(curve.points)]
                )
                if any(point.estimate.interval for point in curve.points)
                else "",
                marks=tuple(
                    _mark(point, curve, group, at=place(point.effort, point.estimate.mean))
                    for point in curve.points
                ),
            )
            for curve in group.curves
        ),
    )


def effort_ticks(efforts: Sequence[int]) -> list[int]:
    """Return the efforts to write below an axis: all of them if they are few, else the first and round ones.

    >>> effort_ticks([1, 3, 5, 10]), effort_ticks(range(1, 21))
    ([1, 3, 5, 10], [1, 5, 10, 15, 20])
    """
    if len(efforts) <= MOST_TICKS:
        return list(efforts)
    first, last = efforts[0], efforts[-1]
    steps = (factor * 10**power for power in count() for factor in (1, 2, 5))
    step = next(step for step in steps if (last - first) / step < MOST_TICKS)
    multiples = range(math.ceil(first / step) * step, last + 1, step)
    return [first, *(value for value in multiples if value - first > step / 2)]


def value_ticks(bottom: float) -> list[float]:
    """Return the values from `bottom`, a multiple of 0.05, to 1 at which lines are drawn across."""
    step = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2) if (1 - bottom) / step <= 5.5)
    n_steps = math.floor((1 - bottom) / step + 1e-9)
    return [round(1 - step * index, 10) for index in range(n_steps, -1, -1)]


def _bottom(lowest: float, *, is_share: bool) -> float:
    """Return where an axis starts: shares at 0, others at the tick below the lowest value."""
    if is_share:
        return 0.0
    parts = 10 if lowest >= 0.5 else 5
    return min(max(math.floor(lowest * parts) / parts, 0.0), 0.9)


def _mark(point: Point, curve: Curve, group: CurveGroup, *, at: tuple[float, float]) -> Mark:
    estimate = point.estimate
    mean = _value_text(estimate.mean, group, digits=3)
    low, high = (_value_text(value, group, digits=3) for value in _ends(estimate))
    interval = "no interval" if estimate.interval is None else f"{low} to {high}"
    objects = "1 object" if estimate.n == 1 else f"{estimate.n} objects"
    text = f"{curve.name}: {mean} ({interval}) after {_spent(point, group)}, {objects}"
    return Mark(x=round(at[0], 2), y=round(at[1], 2), text=text)


def _ends(estimate: Estimate) -> tuple[float, float]:
    """Return the interval, or the mean twice where there is none."""
    return estimate.interval or (estimate.mean, estimate.mean)


def _in_words(curve: Curve, group: CurveGroup) -> str:
    first, last = curve.points[0], curve.points[-1]
    values = [_value_text(point.estimate.mean, group, digits=3) for point in (first, last)]
    return f"{curve.name}: {values[0]} after {_spent(first, group)}, {values[1]} after {_spent(last, group)}"


def _spent(point: Point, group: CurveGroup) -> str:
    """Return the effort of a point in words."""
    return f"{point.effort} {group.effort.removesuffix('s') if point.effort == 1 else group.effort}"


def _value_text(value: float, group: CurveGroup, *, digits: int) -> str:
    return f"{100 * value:.0f}{THIN_SPACE}%" if group.is_share else f"{value:.{digits}f}"


def _joined(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
