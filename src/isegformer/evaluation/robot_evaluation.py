"""Robot users on the objects of an evaluation of volumes: jobs, and who does them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import torch

from isegformer.errors import ConfigError
from isegformer.evaluation.click_protocol import check_known
from isegformer.evaluation.data_folder import DataFolder
from isegformer.evaluation.executors import Executor
from isegformer.evaluation.measuring import RecordKeeper, do_jobs
from isegformer.evaluation.records import RecordKey, VolumeRecord
from isegformer.evaluation.robot_session import work_alone
from isegformer.evaluation.robot_user import RobotBudget, RobotUser, robot_record
from isegformer.evaluation.shown_slices import shown_slices
from isegformer.evaluation.slice_annotators import ANNOTATORS
from isegformer.evaluation.slice_strategies import STRATEGIES
from isegformer.evaluation.surface import DEFAULT_TOLERANCE_MM
from isegformer.evaluation.volume_cases import VolumeObject, VolumeObjectChoice, VolumeReader
from isegformer.evaluation.volume_methods import VolumeMethod
from isegformer.evaluation.volume_metrics import slice_dice, volume_metrics
from isegformer.propagation import AdvisingPropagation, PropagationMethod
from isegformer.session import SliceSegmenter
from isegformer.types import ProgressCallback


class ClickSource(Protocol):
    """What robot users click with, as a value that can be sent to another process; a `WeightsMethod`."""

    def load(self) -> SliceSegmenter:
        """Return what answers clicks."""
        ...


@dataclass(frozen=True, kw_only=True)
class RobotJob:
    """An object, and how a robot user segments it."""

    item: VolumeObject
    method: str
    strategy: str
    draw: int = 0
    """Of strategies that draw: which of several times."""

    @property
    def key(self) -> RecordKey:
        """Return the key of the record that the job makes."""
        return RecordKey(
            dataset=self.item.dataset,
            case=self.item.case,
            label=self.item.label,
            method=self.method,
            setting=setting_of(self.strategy, draw=self.draw),
        )


def setting_of(strategy: str, *, draw: int = 0) -> str:
    """Return what records call a strategy."""
    return f"robot {strategy}" + (f", draw {draw}" if draw else "")


@dataclass(frozen=True, kw_only=True)
class RobotEvaluation:
    """Every choice that the results depend on; can be sent to other processes."""

    folders: tuple[DataFolder, ...]
    choice: VolumeObjectChoice
    methods: tuple[VolumeMethod, ...]
    strategies: tuple[str, ...]
    """Names, see STRATEGIES."""
    clicks: ClickSource
    annotator: str = "clicks"
    """Name, see ANNOTATORS."""
    budget: RobotBudget = field(default_factory=RobotBudget)
    draws: int = 1
    """How often each strategy is tried on each object; more than once for those that draw."""
    seed: int = 0
    tolerance_mm: float = DEFAULT_TOLERANCE_MM
    """Of the normalised surface Dice."""
    threads: int = 1
    """Of each process."""

    def __post_init__(self) -> None:
        if len(set(self.strategies)) < len(self.strategies):
            raise ConfigError(f"robots are {list(self.strategies)}, expected each once")
        for strategy in self.strategies:
            check_known("robot", strategy, known=STRATEGIES)
        check_known("annotator", self.annotator, known=ANNOTATORS)

    def jobs(self, objects: Sequence[VolumeObject]) -> tuple[RobotJob, ...]:
        """Return what there is to do, by object, then method, then strategy, then draw."""
        return tuple(
            RobotJob(item=item, method=method.name, strategy=strategy, draw=draw)
            for item in objects
            for method in self.methods
            for strategy in self.strategies
            for draw in range(self.draws)
        )

    def make_worker(self) -> "RobotWorker":
        """Return what does the jobs in one process."""
        return RobotWorker(self)


class RobotWorker:
    """Does jobs; keeps all networks and the volume of the last job, since jobs come by volume."""

    def __init__(self, evaluation: RobotEvaluation) -> None:
        torch.set_num_threads(evaluation.threads)
        self._evaluation = evaluation
        self._methods = {method.name: method for method in evaluation.methods}
        self._loaded: dict[str, PropagationMethod] = {}
        self._reader = VolumeReader(evaluation.folders, evaluation.choice)
        self._segmenter = evaluation.clicks.load()

    def __call__(self, job: RobotJob) -> VolumeRecord:
        """Let a robot user segment an object, and measure; errors as for `RobotUser.work`."""
        if job.method not in self._loaded:
            self._loaded[job.method] = self._methods[job.method].load()
        case = self._reader.read(job.item)
        user = RobotUser(
            annotator=ANNOTATORS[self._evaluation.annotator],
            strategy=STRATEGIES[job.strategy],
            budget=self._evaluation.budget,
        )
        work = work_alone(
            user,
            case.volume,
            case.target * np.uint16(job.item.label),
            axis=case.axis,
            propagation=AdvisingPropagation(self._loaded[job.method]),
            segmenter=self._segmenter,
            rng=np.random.default_rng([self._evaluation.seed + job.draw, job.item.label]),
            window=case.window,
        )
        n_i, n_j, n_k = case.target.shape
        record = robot_record(work.steps, key=job.key, shape=(n_i, n_j, n_k), axis=case.axis)
        mask = work.labels > 0
        metrics = volume_metrics(
            mask,
            case.target,
            spacing_mm=case.volume.geometry.spacing_mm,
            tolerance_mm=self._evaluation.tolerance_mm,
        )
        by_slice = slice_dice(mask, case.target, axis=case.axis)
        return replace(
            record,
            metrics={**metrics, **record.metrics},
            slice_dice=by_slice,
            shown=shown_slices(mask, case.target, axis=case.axis, slice_dice=by_slice, clicks=work.clicks),
        )


def carry_out_robots(
    evaluation: RobotEvaluation,
    objects: Sequence[VolumeObject],
    *,
    executor: Executor,
    keeper: RecordKeeper[VolumeRecord],
    on_progress: ProgressCallback = lambda done, total: None,
) -> list[VolumeRecord]:
    """Return the record of every job, in their order; see `measuring.do_jobs`."""
    return do_jobs(
        evaluation.jobs(objects),
        evaluation.make_worker,
        executor=executor,
        keeper=keeper,
        failed=lambda key, error: VolumeRecord(key=key, error=error),
        on_progress=on_progress,
    )
