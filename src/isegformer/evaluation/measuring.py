"""Doing the jobs of an evaluation that are not done yet, and keeping every record as it comes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from isegformer.evaluation.executors import Executor, Worker
from isegformer.evaluation.records import ClickRecord, RecordKey, VolumeRecord
from isegformer.types import ProgressCallback

RecordT = TypeVar("RecordT", ClickRecord, VolumeRecord)


class Job(Protocol):
    """What makes one record; a plain value."""

    @property
    def key(self) -> RecordKey:
        """Return the key of the record that the job makes."""
        ...


JobT = TypeVar("JobT", bound=Job)


class RecordKeeper(Protocol[RecordT]):
    """Where records go as they come, and where those of an earlier run are; a `ResultLog`, for instance."""

    @property
    def records(self) -> Mapping[RecordKey, RecordT]:
        """Return what has been measured so far."""
        ...

    def append(self, record: RecordT) -> None:
        """Keep a record."""
        ...


class MemoryKeeper(Generic[RecordT]):
    """Keeps records in memory."""

    def __init__(self) -> None:
        self.records: dict[RecordKey, RecordT] = {}

    def append(self, record: RecordT) -> None:
        """Keep a record."""
        self.records[record.key] = record


def do_jobs(
    jobs: Sequence[JobT],
    make_worker: Callable[[], Worker[JobT, RecordT]],
    *,
    executor: Executor,
    keeper: RecordKeeper[RecordT],
    failed: Callable[[RecordKey, str], RecordT],
    on_progress: ProgressCallback = lambda done, total: None,
) -> list[RecordT]:
    """Return the record of every job, in their order; what `keeper` holds already is not measured again.

    Parameters
    ----------
    make_worker : see `Executor.run`
    failed : makes the record of a job that could not be done, from its key and the reason
    on_progress : called at the beginning and after each job
    """
    left = [job for job in jobs if job.key not in keeper.records]
    done = len(jobs) - len(left)
    on_progress(done, len(jobs))
    for outcome in executor.run(left, make_worker):
        if outcome.result is not None:
            keeper.append(outcome.result)
        else:
            keeper.append(failed(outcome.job.key, outcome.error or "no result"))
        done += 1
        on_progress(done, len(jobs))
    return [keeper.records[job.key] for job in jobs]
