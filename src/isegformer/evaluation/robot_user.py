"""The honest protocol in 3-D: a robot user annotates slice after slice of a session and propagates after
each.

It begins in the middle of the objects. Then it asks a strategy for the next slice, annotates it on top of
what the propagation left there, accepts it and propagates again, until the result is good enough or its
budget is spent.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from isegformer.errors import ConfigError, GeometryError
from isegformer.evaluation.overlap import dice
from isegformer.evaluation.records import RecordKey, VolumeRecord
from isegformer.evaluation.slice_annotators import SliceAnnotator
from isegformer.evaluation.slice_strategies import Situation, Strategy
from isegformer.propagation import Advice, AdvisingPropagation
from isegformer.session import AcceptSlice, AddObject, Propagate, Session
from isegformer.slicing import Plane
from isegformer.types import Labels


@dataclass(frozen=True, kw_only=True)
class RobotBudget:
    """When the robot user stops at the latest, or is content."""

    most_slices: int = 10
    """Annotated slices."""

    most_clicks: int = 200
    """No further slice is begun once this many are spent."""

    enough_dice: float = 1.0
    """Content when every object has reached this Dice with the truth."""

    def __post_init__(self) -> None:
        if self.most_slices < 1 or self.most_clicks < 1 or not 0 < self.enough_dice <= 1:
            raise ConfigError(
                f"budget is {self.most_slices} slices and {self.most_clicks} clicks up to a Dice of "
                f"{self.enough_dice}, expected at least 1, at least 1, and above 0, at most 1"
            )


@dataclass(frozen=True, kw_only=True)
class RobotStep:
    """One annotated slice and what came of it."""

    index: int
    """Of the slice."""

    clicks: int
    """On this slice."""

    dice: Mapping[int, float]
    """Of each object in the whole volume with the truth, after propagation, by label."""

    advice: Advice
    """What the propagation says, without the truth and without extents."""

    seconds: float
    """For clicks and propagation."""


@dataclass(frozen=True, kw_only=True)
class RobotUser:
    """A way to work, for any session."""

    annotator: SliceAnnotator
    strategy: Strategy
    budget: RobotBudget = field(default_factory=RobotBudget)

    def work(
        self,
        session: Session,
        goal: Labels,
        *,
        axis: int,
        method: str,
        propagation: AdvisingPropagation,
        rng: np.random.Generator,
    ) -> tuple[RobotStep, ...]:
        """Segment the goal; return all steps in order.

        Parameters
        ----------
        session : new, on the volume of the goal
        goal : uint16 (I, J, K), the truth; every label in it is an object
        axis : across which slices are annotated
        method : name under which the session has `propagation`
        rng : for strategies that draw

        Raises
        ------
        GeometryError : the goal is empty or has another shape than the volume
        """
        _check_goal(goal, session)
        for label in np.unique(goal[goal > 0]):
            session.apply(AddObject(label=int(label), name=f"object {label}"))
        stack = np.moveaxis(goal, axis, 0)
        steps: list[RobotStep] = []
        index: int | None = middle_slice(stack)
        while index is not None:
            steps.append(self._step(session, goal, index, axis=axis, method=method, propagation=propagation))
            if self._is_done(steps):
                break
            index = self.strategy(
                Situation(
                    labels=np.moveaxis(session.label_map().labels, axis, 0),
                    goal=stack,
                    annotated=session.annotated(axis),
                    advise=partial(_advice, session, axis=axis, propagation=propagation),
                    rng=rng,
                )
            )
        return tuple(steps)

    def _step(
        self,
        session: Session,
        goal: Labels,
        index: int,
        *,
        axis: int,
        method: str,
        propagation: AdvisingPropagation,
    ) -> RobotStep:
        plane = Plane(axis=axis, index=index)
        started = time.perf_counter()
        clicks = self.annotator.annotate(session, np.take(goal, index, axis=axis), plane=plane)
        session.apply(AcceptSlice(axis=axis, index=index))
        session.apply(Propagate(axis=axis, method=method))
        seconds = time.perf_counter() - started
        result = session.label_map().labels
        return RobotStep(
            index=index,
            clicks=clicks,
            dice={
                item.label: float(dice(result == item.label, goal == item.label)) for item in session.objects
            },
            advice=_advice(session, {}, axis=axis, propagation=propagation),
            seconds=seconds,
        )

    def _is_done(self, steps: list[RobotStep]) -> bool:
        return (
            len(steps) >= self.budget.most_slices
            or sum(step.clicks for step in steps) >= self.budget.most_clicks
            or min(steps[-1].dice.values()) >= self.budget.enough_dice
        )


def middle_slice(stack: Labels) -> int:
    """Return the middle one of the slices that hold an object; labels (T, H, W), not empty."""
    present = np.flatnonzero(stack.any(axis=(1, 2)))
    return int(present[len(present) // 2])


def robot_record(
    steps: tuple[RobotStep, ...], *, key: RecordKey, shape: tuple[int, int, int], axis: int
) -> VolumeRecord:
    """Return the record of one object, that of the key's label.

    Parameters
    ----------
    shape : (I, J, K) of the volume
    """
    clicks = np.cumsum([step.clicks for step in steps])
    return VolumeRecord(
        key=key,
        shape=shape,
        axis=axis,
        annotated=tuple(step.index for step in steps),
        n_clicks=int(clicks[-1]),
        metrics={"dice": steps[-1].dice[key.label]},
        curve=tuple(
            (place + 1, int(clicks[place]), step.dice[key.label]) for place, step in enumerate(steps)
        ),
        predicted_dice=tuple(step.advice.predicted_dice[key.label] for step in steps),
        seconds=sum(step.seconds for step in steps),
    )


def _advice(
    session: Session, extents: Mapping[int, tuple[int, int]], *, axis: int, propagation: AdvisingPropagation
) -> Advice:
    return propagation.advice(
        session.label_map().labels,
        axis=axis,
        annotated=session.annotated(axis),
        geometry=session.volume.geometry,
        extents=extents,
        most=1,
    )


def _check_goal(goal: Labels, session: Session) -> None:
    if goal.shape != session.volume.geometry.shape:
        raise GeometryError(
            f"goal has shape {goal.shape}, expected that of the volume, {session.volume.geometry.shape}"
        )
    if not goal.any():
        raise GeometryError("the goal is empty, expected at least one label above 0")
