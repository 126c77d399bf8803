"""Adapting a network in legs: train a little, measure on the kept cases, stop when it gets no better.

The weights that were started from are the first to be measured, and stay the best until others need fewer
clicks, or propagate better, on cases that were not learned from.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from isegformer.adaptation.early_stopping import Leg, best_leg, is_over
from isegformer.adaptation.job import AdaptationJob
from isegformer.adaptation.leg_log import LegLog
from isegformer.errors import DatasetError


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When a run ends even though it still gets better."""

    most_legs: int = 15
    """Measurements after the first."""
    seconds: float = 1200.0
    """No leg is begun that would, going by the longest one so far, end after this time."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a run stands after a measurement."""

    kind: str
    """What the network does."""
    step: int
    measured: float
    """On the kept cases, after this step."""
    best: float
    """The best so far."""
    seconds: float
    """Since the start, earlier sittings of a resumed run included."""
    seconds_left: float
    """At most, going by the legs so far."""


@dataclass(frozen=True, kw_only=True)
class Adapted:
    """What came of adapting a network."""

    before: float
    """Measure of the weights that were started from."""
    after: float
    """Measure of the best weights; `before` where nothing was better."""
    weights: Path | None
    """The best weights, or None where those that were started from are the best."""
    legs: tuple[Leg, ...]
    seconds: float


def adapt(
    job: AdaptationJob,
    *,
    folder: Path,
    limits: Limits,
    on_progress: Callable[[Progress], None],
    is_cancelled: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
) -> Adapted:
    """Adapt one network; a run that was ended goes on where its last leg ended.

    Parameters
    ----------
    folder : of this network's run
    on_progress : called after each measurement
    is_cancelled : asked before each leg; True ends the run with what there is
    clock : seconds

    Raises
    ------
    DatasetError : the kept cases do not allow to measure anything
    """
    if not job.measure.items:
        raise DatasetError(
            f"the {job.kind} network cannot be checked: no kept case has an object on enough labelled "
            "slices; give more cases, or more labelled slices"
        )
    log = LegLog(folder)
    legs = log.read()
    while not legs or not _is_at_an_end(legs, limits=limits):
        if is_cancelled():
            break
        legs = [*legs, _next_leg(job, legs, log=log, clock=clock)]
        on_progress(_progress(job, legs, limits=limits))
    return _adapted(job, legs, log=log)


def _next_leg(job: AdaptationJob, legs: list[Leg], *, log: LegLog, clock: Callable[[], float]) -> Leg:
    """Measure what is started from, or train a leg and measure it; either is on disk on return."""
    start = clock()
    step = legs[-1].step + job.leg_steps if legs else 0
    weights = job.train_to(step) if step else None
    measured = job.measure.of(job.start_from if weights is None else weights)
    leg = Leg(step=step, loss=_loss(job, measured), seconds=clock() - start)
    log.write([*legs, leg], weights=weights)
    return leg


def _is_at_an_end(legs: list[Leg], *, limits: Limits) -> bool:
    trained = legs[1:]
    longest = max((leg.seconds for leg in trained), default=0.0)
    spent = sum(leg.seconds for leg in legs)
    return is_over(legs) or len(trained) >= limits.most_legs or spent + longest > limits.seconds


def _progress(job: AdaptationJob, legs: list[Leg], *, limits: Limits) -> Progress:
    spent = sum(leg.seconds for leg in legs)
    trained = legs[1:]
    mean = sum(leg.seconds for leg in trained) / len(trained) if trained else 0.0
    most = limits.seconds - spent
    if trained:
        most = min(most, mean * (limits.most_legs - len(trained)))
    return Progress(
        kind=job.kind,
        step=legs[-1].step,
        measured=_loss(job, legs[-1].loss),
        best=_loss(job, best_leg(legs).loss),
        seconds=spent,
        seconds_left=0.0 if _is_at_an_end(legs, limits=limits) else max(0.0, most),
    )


def _adapted(job: AdaptationJob, legs: list[Leg], *, log: LegLog) -> Adapted:
    if not legs:
        raise DatasetError(f"the {job.kind} network was not measured: cancelled before the first measurement")
    best = best_leg(legs)
    return Adapted(
        before=_loss(job, legs[0].loss),
        after=_loss(job, best.loss),
        weights=log.weights_file(best.step) if best.step else None,
        legs=tuple(legs),
        seconds=sum(leg.seconds for leg in legs),
    )


def _loss(job: AdaptationJob, measured: float) -> float:
    """Return what should be small for a measure, and back: it is its own inverse."""
    return 1 - measured if job.measure.higher_is_better else measured
