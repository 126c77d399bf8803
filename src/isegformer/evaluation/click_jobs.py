"""The smallest part of an evaluation, one object with one method and one user, and who does it."""

import zlib
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from isegformer.errors import ConfigError
from isegformer.evaluation.cases import CaseReader, ClickObject, ObjectChoice
from isegformer.evaluation.click_methods import ClickMethod, TimedPredictor
from isegformer.evaluation.click_protocol import THRESHOLDS, check_known
from isegformer.evaluation.clicks_needed import ClickPredictor, run_clicks
from isegformer.evaluation.data_folder import DataFolder
from isegformer.evaluation.memory import peak_gpu_mb, peak_rss_mb, reset_peaks
from isegformer.evaluation.records import ClickRecord, RecordKey
from isegformer.evaluation.users import USERS


@dataclass(frozen=True, kw_only=True)
class ClickJob:
    """An object, and who clicks on it for which method."""

    item: ClickObject
    method: str
    user: str

    @property
    def key(self) -> RecordKey:
        """Return the key of the record that the job makes."""
        return RecordKey(
            dataset=self.item.dataset,
            case=self.item.image_name,
            label=self.item.label,
            method=self.method,
            setting=self.user,
        )


@dataclass(frozen=True, kw_only=True)
class ClickEvaluation:
    """Every choice that the results depend on; can be sent to other processes."""

    folders: tuple[DataFolder, ...]
    choice: ObjectChoice
    methods: tuple[ClickMethod, ...]
    """The first is the one that the others are compared with."""
    users: tuple[str, ...]
    """Names of simulated users; likewise."""
    seed: int = 0
    """Of the users that draw."""
    threads: int = 1
    """Of each process. With more, sums are made in another order, and the last digits of results differ."""

    def __post_init__(self) -> None:
        names = [method.name for method in self.methods]
        if (
            not names
            or not self.users
            or len(set(names)) < len(names)
            or len(set(self.users)) < len(self.users)
        ):
            raise ConfigError(
                f"methods are {names}, users {list(self.users)}, expected each once, at least one"
            )
        for user in self.users:
            check_known("user", user, known=USERS)
        if self.threads < 1:
            raise ConfigError(f"threads is {self.threads}, expected at least 1")

    def make_worker(self) -> "ClickWorker":
        """Return what does the jobs in one process."""
        return ClickWorker(self)


class ClickWorker:
    """Does jobs; keeps the network of the last one, since jobs come by method."""

    def __init__(self, evaluation: ClickEvaluation) -> None:
        torch.set_num_threads(evaluation.threads)
        cv2.setNumThreads(evaluation.threads)
        self._seed = evaluation.seed
        self._methods = {method.name: method for method in evaluation.methods}
        self._reader = CaseReader(evaluation.folders, evaluation.choice)
        self._loaded: tuple[str, ClickPredictor] | None = None

    def __call__(self, job: ClickJob) -> ClickRecord:
        """Click on an object until it is good enough or the clicks are spent."""
        predictor = TimedPredictor(self._predictor(job.method))
        case = self._reader.read(job.item)
        reset_peaks()
        run = run_clicks(
            predictor,
            case.image,
            case.target,
            ignored=case.ignored,
            stop_iou=max(THRESHOLDS),
            user=USERS[job.user],
            rng=np.random.default_rng([self._seed, _number(job)]),
        )
        height, width = case.target.shape
        return ClickRecord(
            key=job.key,
            shape=(height, width),
            object_px=int(np.count_nonzero(case.target)),
            clicks=run.clicks,
            ious=run.ious,
            seconds=tuple(predictor.seconds),
            rss_peak_mb=peak_rss_mb(),
            gpu_peak_mb=peak_gpu_mb(),
        )

    def _predictor(self, method: str) -> ClickPredictor:
        if self._loaded is None or self._loaded[0] != method:
            self._loaded = None  # before the next one needs the memory
            self._loaded = (method, self._methods[method].load())
        return self._loaded[1]


def _number(job: ClickJob) -> int:
    """Return a number for the object and the user: every method is shown the same draws."""
    text = "\n".join((job.item.dataset, job.item.image_name, str(job.item.label), job.user))
    return zlib.crc32(text.encode("utf-8"))
