"""Where the jobs of an evaluation run: in this process, in several, or on a Ray cluster.

Jobs do not depend on each other, and every executor gives the same results, in whatever order they finish. A
job that raises, or takes its process with it, gives an outcome with an error; the others go on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, Protocol, TypeAlias, TypeVar

from isegformer.errors import ConfigError

JobT = TypeVar("JobT")
ResultT = TypeVar("ResultT")

Worker: TypeAlias = Callable[[JobT], ResultT]
"""Does one job; keeps what later jobs need too, such as networks."""


@dataclass(frozen=True, kw_only=True)
class Outcome(Generic[JobT, ResultT]):
    """What became of a job: a result, or why there is none."""

    job: JobT
    result: ResultT | None = None
    error: str | None = None


class Executor(Protocol):
    """Runs jobs."""

    @property
    def n_workers(self) -> int | None:
        """Return the number of processes; None for all that a cluster has."""
        ...

    def run(
        self, jobs: Sequence[JobT], make_worker: Callable[[], Worker[JobT, ResultT]]
    ) -> Iterator[Outcome[JobT, ResultT]]:
        """Yield the outcome of every job once, as they finish.

        Parameters
        ----------
        jobs : plain values that can be sent to other processes
        make_worker : called once in every process that does jobs; can be sent there too
        """
        ...


@dataclass(frozen=True, kw_only=True)
class ExecutorRequest:
    """What an executor is asked for."""

    workers: int | None = None
    """Processes; None means one, or all of a cluster."""
    address: str | None = None
    """Of a Ray cluster; "local" starts one on this machine."""
    gpus_per_worker: float = 0
    """Share of a GPU that each process of a cluster needs."""

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise ConfigError(f"workers is {self.workers}, expected at least 1")

    @property
    def name(self) -> str:
        """Return which of EXECUTORS does it."""
        if self.address is not None:
            return "ray"
        return "serial" if self.workers in (None, 1) else "processes"


class JobRunner(Generic[JobT, ResultT]):
    """Does jobs in the process that it lives in, with a worker that is made for the first of them."""

    def __init__(self, make_worker: Callable[[], Worker[JobT, ResultT]]) -> None:
        self._make_worker = make_worker
        self._worker: Worker[JobT, ResultT] | None = None

    def run(self, job: JobT) -> Outcome[JobT, ResultT]:
        """Return the outcome of a job; whatever it raises becomes an error in it."""
        try:
            if self._worker is None:
                self._worker = self._make_worker()
            return Outcome(job=job, result=self._worker(job))
        except Exception as error:  # noqa: BLE001  one job that crashes must not end the others
            return Outcome(job=job, error=describe(error))


class SerialExecutor:
    """Does one job after the other in this process."""

    n_workers = 1

    def run(
        self, jobs: Sequence[JobT], make_worker: Callable[[], Worker[JobT, ResultT]]
    ) -> Iterator[Outcome[JobT, ResultT]]:
        """Yield outcomes in the order of the jobs; see `Executor`."""
        runner = JobRunner(make_worker)
        return (runner.run(job) for job in jobs)


def describe(error: BaseException) -> str:
    """Return kind and message of an error, in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")


def _serial(request: ExecutorRequest) -> Executor:
    del request
    return SerialExecutor()


def _processes(request: ExecutorRequest) -> Executor:
    from isegformer.evaluation.process_executor import ProcessExecutor  # noqa: PLC0415  imports this module

    return ProcessExecutor(n_workers=request.workers or 1)


def _ray(request: ExecutorRequest) -> Executor:
    from isegformer.evaluation.ray_executor import RayExecutor  # noqa: PLC0415  ray is an optional extra

    return RayExecutor(request)


EXECUTORS: Mapping[str, Callable[[ExecutorRequest], Executor]] = MappingProxyType(
    {"serial": _serial, "processes": _processes, "ray": _ray}
)
"""Every executor by its name."""


def make_executor(request: ExecutorRequest) -> Executor:
    """Return the executor that a request means; DependencyError where it is not installed."""
    return EXECUTORS[request.name](request)
