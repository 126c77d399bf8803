"""Rounds of work: clicks on a few slices, propagation, then corrections where the result is worst."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from isegformer.demo.scene import Scene
from isegformer.demo.simulated_user import SimulatedUser
from isegformer.evaluation import dice
from isegformer.session import AcceptSlice, AddObject, Propagate, Session
from isegformer.slicing import Plane, slice_view
from isegformer.types import Mask, ProgressCallback

LABEL = 1
"""Value of the only object."""


@dataclass(frozen=True, kw_only=True)
class DemoPlan:
    """How much the simulated user does."""

    user: SimulatedUser = field(default_factory=SimulatedUser)
    first_slices: int = 5
    """Slices of the first round, spread evenly over the object."""
    refined_slices: int = 2
    """Slices of the second round: those with the most wrong pixels."""
    least_gap: int = 4
    """Slices between those of the second round and all others that were clicked on."""


@dataclass(frozen=True, kw_only=True)
class RoundResult:
    """What one round took and gave; all measured."""

    slices: tuple[int, ...]
    """Slices that the user worked on."""
    clicks: int
    click_seconds: float
    """For all clicks together, the network's work included."""
    predicted_slices: int
    """Slices that were propagated to; one that two passes reach counts twice."""
    propagation_seconds: float
    dice: float
    """Of the whole volume, after the round."""


def run_rounds(
    session: Session,
    scene: Scene,
    *,
    plan: DemoPlan,
    method: str,
    on_click: Callable[[], None] = lambda: None,
    on_slice: ProgressCallback | None = None,
) -> tuple[RoundResult, RoundResult]:
    """Segment the goal of a scene in two rounds; the session must be new and hold the scene's volume."""
    session.apply(AddObject(label=LABEL, name=scene.name))
    first = spread_slices(scene.goal, axis=scene.axis, count=plan.first_slices)
    before = _round(session, scene, first, plan=plan, method=method, on_click=on_click, on_slice=on_slice)
    worst = worst_slices(
        session.label_map().labels == LABEL,
        scene.goal,
        axis=scene.axis,
        taken=first,
        count=plan.refined_slices,
        least_gap=plan.least_gap,
    )
    after = _round(session, scene, worst, plan=plan, method=method, on_click=on_click, on_slice=on_slice)
    return before, after


def spread_slices(goal: Mask, *, axis: int, count: int) -> list[int]:
    """Return slices in the middle of `count` equal parts of the extent of a mask, rising, each once."""
    filled = np.flatnonzero(goal.any(axis=tuple(other for other in range(3) if other != axis)))
    first, last = int(filled[0]), int(filled[-1])
    middles = first + (np.arange(count) + 0.5) / count * (last - first)
    return sorted({int(index) for index in np.rint(middles)})


def worst_slices(
    mask: Mask, goal: Mask, *, axis: int, taken: list[int], count: int, least_gap: int
) -> list[int]:
    """Return up to `count` slices with the most wrong pixels, rising.

    Parameters
    ----------
    taken : slices that the user worked on before
    least_gap : smallest distance in slices of a result from those and from each other
    """
    errors = np.count_nonzero(mask ^ goal, axis=tuple(other for other in range(3) if other != axis))
    chosen: list[int] = []
    for index in np.argsort(-errors, kind="stable"):
        is_apart = all(abs(int(index) - other) >= least_gap for other in (*taken, *chosen))
        if errors[index] > 0 and is_apart and len(chosen) < count:
            chosen.append(int(index))
    return sorted(chosen)


def _round(
    session: Session,
    scene: Scene,
    slices: list[int],
    *,
    plan: DemoPlan,
    method: str,
    on_click: Callable[[], None],
    on_slice: ProgressCallback | None,
) -> RoundResult:
    planes = [Plane(axis=scene.axis, index=index) for index in slices]
    started = time.perf_counter()
    clicks = sum(
        plan.user.work_on(session, slice_view(scene.goal, plane), label=LABEL, plane=plane, on_click=on_click)
        for plane in planes
    )
    click_seconds = time.perf_counter() - started
    for plane in planes:
        session.apply(AcceptSlice(axis=plane.axis, index=plane.index))
    started = time.perf_counter()
    predicted = 0

    def count(done: int, total: int) -> None:
        nonlocal predicted
        predicted = done
        if on_slice is not None:
            on_slice(done, total)

    session.apply(Propagate(axis=scene.axis, method=method), on_progress=count)
    return RoundResult(
        slices=tuple(slices),
        clicks=clicks,
        click_seconds=click_seconds,
        predicted_slices=predicted,
        propagation_seconds=time.perf_counter() - started,
        dice=dice(session.label_map().labels == LABEL, scene.goal),
    )
