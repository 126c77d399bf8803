"""A whole evaluation by clicks: find the objects, do the jobs that are not done yet, keep every record."""

from dataclasses import dataclass

from isegformer.evaluation.cases import ClickObject, find_objects
from isegformer.evaluation.click_jobs import ClickEvaluation, ClickJob
from isegformer.evaluation.executors import Executor
from isegformer.evaluation.measuring import RecordKeeper, do_jobs
from isegformer.evaluation.records import ClickRecord, RecordKey
from isegformer.types import ProgressCallback


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
    keeper: RecordKeeper[ClickRecord],
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
    records = do_jobs(
        plan.jobs,
        plan.evaluation.make_worker,
        executor=executor,
        keeper=keeper,
        failed=lambda key, error: ClickRecord(key=key, error=error),
        on_progress=on_progress,
    )
    return [*plan.problems, *records]


def _problem(dataset: str, case: str, error: str) -> ClickRecord:
    """Return the record of a case whose objects are not known, for all methods together."""
    return ClickRecord(key=RecordKey(dataset=dataset, case=case, label=0, method=""), error=error)
