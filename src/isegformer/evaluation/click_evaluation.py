"""A whole evaluation by clicks: find the objects, do the jobs that are not done yet, keep every record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from isegformer.evaluation.cases import ClickObject, find_objects
from isegformer.evaluation.click_jobs import ClickEvaluation, ClickJob
from isegformer.evaluation.executors import Executor, Outcome
from isegformer.evaluation.records import ClickRecord, RecordKey
from isegformer.types import ProgressCallback


class RecordKeeper(Protocol):
    """Where records go as they come, and where those of an earlier run are; a `ResultLog`."""

    @property
    def records(self) -> Mapping[RecordKey, ClickRecord]:
        """Return what has been measured so far."""
        ...

    def append(self, record: ClickRecord) -> None:
        """Keep a record."""
        ...


class MemoryKeeper:
    """Keeps records in memory."""

    def __init__(self) -> None:
        self.records: dict[RecordKey, ClickRecord] = {}

    def append(self, record: ClickRecord) -> None:
        """Keep a record."""
        self.records[record.key] = record


@dataclass(frozen=True, kw_only=True)
class ClickPlan:
    """What there is to do, and what cannot be done."""

    evaluation: ClickEvaluation
    jobs: tuple[ClickJob, ...]
    """By method, then user, then object."""
    problems: tuple[ClickRecord, ...]
    """Of cases that cannot be used, for all methods together."""


def plan_clicks(
    evaluation: ClickEvaluation, *, on_progress: ProgressCallback = lambda done, total: None
) -> ClickPlan:
    """Search the folders for objects.

    Parameters
    ----------
    on_progress : called after each case, with the number of cases of its folder
    """
    objects: list[ClickObject] = []
    problems: list[ClickRecord] = []
    for folder in evaluation.folders:
        found = find_objects(folder, evaluation.choice, on_progress=on_progress)
        objects.extend(found.objects)
        problems.extend(_problem(folder.name, case, error) for case, error in found.problems.items())
    jobs = tuple(
        ClickJob(item=item, method=method.name, user=user)
        for method in evaluation.methods
        for user in evaluation.users
        for item in objects
    )
    return ClickPlan(evaluation=evaluation, jobs=jobs, problems=tuple(problems))


def carry_out(
    plan: ClickPlan,
    *,
    executor: Executor,
    keeper: RecordKeeper,
    on_progress: ProgressCallback = lambda done, total: None,
) -> list[ClickRecord]:
    """Return the problems of a plan and the record of every job, in the order of the plan.

    Parameters
    ----------
    keeper : what it holds already is not measured again
    on_progress : called at the beginning and after each job
    """
    for problem in plan.problems:
        keeper.append(problem)
    left = [job for job in plan.jobs if job.key not in keeper.records]
    done = len(plan.jobs) - len(left)
    on_progress(done, len(plan.jobs))
    for outcome in executor.run(left, plan.evaluation.make_worker):
        keeper.append(_record(outcome))
        done += 1
        on_progress(done, len(plan.jobs))
    return [*plan.problems, *(keeper.records[job.key] for job in plan.jobs)]


def _record(outcome: Outcome[ClickJob, ClickRecord]) -> ClickRecord:
    if outcome.result is not None:
        return outcome.result
    return ClickRecord(key=outcome.job.key, error=outcome.error)


def _problem(dataset: str, case: str, error: str) -> ClickRecord:
    """Return the record of a case whose objects are not known, for all methods together."""
    return ClickRecord(key=RecordKey(dataset=dataset, case=case, label=0, method=""), error=error)
