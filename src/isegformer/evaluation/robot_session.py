"""A robot user at work in a session of its own, which leaves nothing behind but what it came to."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isegformer.clicks import Click
from isegformer.evaluation.robot_user import RobotStep, RobotUser
from isegformer.propagation import AdvisingPropagation
from isegformer.session import Session, SliceSegmenter, WeightsFingerprint
from isegformer.slicing import Plane
from isegformer.types import Labels
from isegformer.volume import Volume, Window

METHOD = "robot"
"""Name of the propagation in the session."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RobotWork:
    """What a robot user did."""

    steps: tuple[RobotStep, ...]
    """One for each annotated slice, in order."""
    labels: Labels
    """Uint16 (I, J, K), the result."""
    clicks: Mapping[int, tuple[Click, ...]]
    """On every annotated slice, by index, on one object after the other."""


def work_alone(
    user: RobotUser,
    volume: Volume,
    goal: Labels,
    *,
    axis: int,
    propagation: AdvisingPropagation,
    segmenter: SliceSegmenter,
    rng: np.random.Generator,
    window: Window | None = None,
) -> RobotWork:
    """Let a robot user segment a goal in a new session.

    Parameters
    ----------
    goal, axis, rng : see `RobotUser.work`, errors too
    propagation : new, since it remembers what it saw
    segmenter : answers clicks
    window : intensities that become 0 and 1; None: as for display
    """
    with (
        tempfile.TemporaryDirectory(prefix="isegformer-", ignore_cleanup_errors=True) as folder,
        Session.create(
            Path(folder) / "session",
            volume,
            segmenter=segmenter,
            propagations={METHOD: propagation},
            weights=WeightsFingerprint(click="", propagation=""),  # for reopening it; this one goes
            window=window,
        ) as session,
    ):
        steps = user.work(session, goal, axis=axis, method=METHOD, propagation=propagation, rng=rng)
        return RobotWork(
            steps=steps,
            labels=session.label_map().labels.copy(),
            clicks={
                index: _clicks(session, Plane(axis=axis, index=index)) for index in session.annotated(axis)
            },
        )


def _clicks(session: Session, plane: Plane) -> tuple[Click, ...]:
    return tuple(click for item in session.objects for click in session.clicks(item.label, plane))
