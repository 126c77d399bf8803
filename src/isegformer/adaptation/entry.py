"""From a user's cases to a named entry with a card."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isegformer.adaptation.adapt import Adapted, Limits, Progress, adapt
from isegformer.adaptation.card import AdaptationRecord, card_text
from isegformer.adaptation.case import AdaptationCase
from isegformer.adaptation.click_job import click_job
from isegformer.adaptation.job import AdaptationJob, JobRequest
from isegformer.adaptation.propagation_job import propagation_job
from isegformer.adaptation.split import Split, split_cases
from isegformer.errors import ConfigError
from isegformer.models import own_folder, register_own, weights_sha256
from isegformer.training.run_folder import versions

JOBS: Mapping[str, Callable[[Split, JobRequest], AdaptationJob]] = {
    "click": click_job,
    "propagation": propagation_job,
}
"""What adapts each kind of network."""


@dataclass(frozen=True, kw_only=True)
class AdaptationReport:
    """What came of adapting one network."""

    record: AdaptationRecord
    """What was done and measured."""
    weights: Path | None
    """The better weights; None where those that were started from stay."""

    def to_json(self) -> dict[str, Any]:
        """Return the report as a JSON object."""
        return {
            "kind": self.record.kind,
            "name": self.record.name if self.weights is not None else None,
            "start_from": self.record.start_from,
            "improved": self.weights is not None,
            "measure": self.record.measure,
            "before": self.record.before,
            "after": self.record.after,
            "items": self.record.items,
            "train_cases": list(self.record.train_cases),
            "validation_cases": list(self.record.validation_cases),
            "steps": self.record.legs[-1].step,
            "seconds": round(self.record.seconds, 1),
        }


LICENCE = "that of the weights it was adapted from, and of your own data"


def adapt_cases(
    kind: str,
    cases: Sequence[AdaptationCase],
    *,
    name: str,
    start_from: str,
    folder: Path,
    device: str,
    seed: int,
    minutes: float,
    on_progress: Callable[[Progress], None],
    is_cancelled: Callable[[], bool] = lambda: False,
) -> AdaptationReport:
    """Adapt one network to cases, and say whether it got better on those that were kept back.

    Parameters
    ----------
    kind : a key of `JOBS`
    name : what the new weights are to be called, see `models.check_new_name`
    start_from : name or path of weights
    folder : of this network's run; one that was ended goes on
    minutes : no leg is begun that would end after this time

    Raises
    ------
    DatasetError : the cases are too few, or cannot be learned from
    ConfigError : an unknown kind, or weights that cannot be adapted
    """
    if kind not in JOBS:
        raise ConfigError(f"kind of network is {kind!r}, expected one of: {', '.join(JOBS)}")
    split = split_cases(cases, seed=seed)
    limits = Limits(seconds=60 * minutes)
    request = JobRequest(
        start_from=start_from, folder=folder, device=device, seed=seed, most_legs=limits.most_legs
    )
    job = JOBS[kind](split, request)
    result = adapt(job, folder=folder, limits=limits, on_progress=on_progress, is_cancelled=is_cancelled)
    record = _record(job, split, result, name=name, seed=seed)
    return AdaptationReport(record=record, weights=result.weights)


def enter(report: AdaptationReport) -> None:
    """Enter better weights under their name, with a card; those that are no better are not entered.

    Raises
    ------
    WriteError : something could not be written; the registry is then as before
    CheckpointError : the registry of a user's own weights is damaged
    """
    if report.weights is not None:
        register_own(
            report.weights,
            name=report.record.name,
            licence=LICENCE,
            card=card_text(report.record),
            folder=own_folder(),
        )


def _record(job: AdaptationJob, split: Split, result: Adapted, *, name: str, seed: int) -> AdaptationRecord:
    machine = versions()
    return AdaptationRecord(
        name=name,
        kind=job.kind,
        start_from=job.start_from,
        start_sha256=weights_sha256(job.start_from),
        train_cases=[case.name for case in split.train],
        validation_cases=[case.name for case in split.validation],
        measure=job.measure.text,
        higher_is_better=job.measure.higher_is_better,
        before=result.before,
        after=result.after,
        items=job.measure.items,
        legs=result.legs,
        seconds=result.seconds,
        hardware=machine["accelerator"] or f"{machine['cores']} cores ({machine['machine']})",
        seed=seed,
    )
