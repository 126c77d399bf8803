"""A whole evaluation on volumes: find the objects, segment each from its given slices by every method."""

from dataclasses import dataclass

import torch

from isegformer.errors import ConfigError
from isegformer.evaluation.data_folder import DataFolder
from isegformer.evaluation.executors import Executor
from isegformer.evaluation.measuring import RecordKeeper, do_jobs
from isegformer.evaluation.records import RecordKey, VolumeRecord
from isegformer.evaluation.surface import DEFAULT_TOLERANCE_MM
from isegformer.evaluation.volume_cases import (
    VolumeObject,
    VolumeObjectChoice,
    VolumeReader,
    find_volume_objects,
)
from isegformer.evaluation.volume_methods import VolumeMethod
from isegformer.evaluation.volume_protocol import GivenSlices, measure_propagation
from isegformer.propagation import PropagationMethod
from isegformer.types import ProgressCallback


@dataclass(frozen=True, kw_only=True)
class VolumeJob:
    """An object, by which method it is segmented, and from which slices."""

    item: VolumeObject
    method: str
    given: GivenSlices

    @property
    def key(self) -> RecordKey:
        """Return the key of the record that the job makes."""
        return RecordKey(
            dataset=self.item.dataset,
            case=self.item.case,
            label=self.item.label,
            method=self.method,
            setting=self.given.name,
        )


@dataclass(frozen=True, kw_only=True)
class VolumeEvaluation:
    """Every choice that the results depend on; can be sent to other processes."""

    folders: tuple[DataFolder, ...]
    choice: VolumeObjectChoice
    methods: tuple[VolumeMethod, ...]
    """The first is the one that the others are compared with; peers come last."""
    given: tuple[GivenSlices, ...]
    tolerance_mm: float = DEFAULT_TOLERANCE_MM
    """Of the normalised surface Dice."""
    threads: int = 1
    """Of each process. More may add in another order, so that the last digits of results depend on it."""

    def __post_init__(self) -> None:
        for what, names in (
            ("methods", [method.name for method in self.methods]),
            ("given slices", [given.name for given in self.given]),
        ):
            if not names or len(set(names)) < len(names):
                raise ConfigError(f"{what} are {names}, expected each once, at least one")
        if self.threads < 1:
            raise ConfigError(f"threads is {self.threads}, expected at least 1")
        if not 0 <= self.tolerance_mm < float("inf"):
            raise ConfigError(f"tolerance is {self.tolerance_mm} mm, expected a number of at least 0")

    def make_worker(self) -> "VolumeWorker":
        """Return what does the jobs in one process."""
        return VolumeWorker(self)


class VolumeWorker:
    """Does jobs; keeps all methods and the volume of the last job, since jobs come by volume."""

    def __init__(self, evaluation: VolumeEvaluation) -> None:
        torch.set_num_threads(evaluation.threads)
        self._methods = {method.name: method for method in evaluation.methods}
        self._tolerance_mm = evaluation.tolerance_mm
        self._reader = VolumeReader(evaluation.folders, evaluation.choice)
        self._loaded: dict[str, PropagationMethod] = {}

    def __call__(self, job: VolumeJob) -> VolumeRecord:
        """Segment an object and measure it; errors as for `measure_propagation` and `VolumeReader.read`."""
        if job.method not in self._loaded:
            self._loaded[job.method] = self._methods[job.method].load()
        return measure_propagation(
            self._reader.read(job.item),
            self._loaded[job.method],
            key=job.key,
            given=job.given,
            tolerance_mm=self._tolerance_mm,
        )


@dataclass(frozen=True, kw_only=True)
class VolumePlan:
    """What there is to do, and what cannot be done."""

    evaluation: VolumeEvaluation
    objects: tuple[VolumeObject, ...]
    jobs: tuple[VolumeJob, ...]
    """By object, then method, then choice of slices."""
    problems: tuple[VolumeRecord, ...]
    """Of what cannot be used, for all methods together."""


def plan_volumes(
    evaluation: VolumeEvaluation, *, on_progress: ProgressCallback = lambda done, total: None
) -> VolumePlan:
    """Search the folders for objects.

    Parameters
    ----------
    on_progress : called after each case, with the number of cases of its folder
    """
    objects: list[VolumeObject] = []
    problems: list[VolumeRecord] = []
    for folder in evaluation.folders:
        found = find_volume_objects(folder, evaluation.choice, on_progress=on_progress)
        objects.extend(found.objects)
        problems.extend(_problem(item, reason) for item, reason in found.problems.items())
    jobs = tuple(
        VolumeJob(item=item, method=method.name, given=given)
        for item in objects
        for method in evaluation.methods
        for given in evaluation.given
    )
    return VolumePlan(evaluation=evaluation, objects=tuple(objects), jobs=jobs, problems=tuple(problems))


def carry_out_volumes(
    plan: VolumePlan,
    *,
    executor: Executor,
    keeper: RecordKeeper[VolumeRecord],
    on_progress: ProgressCallback = lambda done, total: None,
) -> list[VolumeRecord]:
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
        failed=lambda key, error: VolumeRecord(key=key, error=error),
        on_progress=on_progress,
    )
    return [*plan.problems, *records]


def _problem(item: VolumeObject, error: str) -> VolumeRecord:
    """Return the record of what cannot be used, for all methods together."""
    return VolumeRecord(
        key=RecordKey(dataset=item.dataset, case=item.case, label=item.label, method=""), error=error
    )
