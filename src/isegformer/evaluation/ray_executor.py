"""Jobs on a Ray cluster, or on a local one that is started for them.

Data folders, weights and isegformer itself must be at the same places on every machine of the cluster.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from isegformer.errors import ConfigError, DependencyError
from isegformer.evaluation.executors import ExecutorRequest, JobRunner, JobT, Outcome, ResultT, Worker

try:
    import ray
except ImportError as error:
    raise DependencyError("ray is not installed; run: pip install 'isegformer[ray]'") from error

LOCAL = "local"
"""Address that starts a cluster on this machine."""


class RayExecutor:
    """Keeps actors of a cluster busy, one job at a time each; actors that find no room wait for it."""

    def __init__(self, request: ExecutorRequest) -> None:
        if request.address is None:
            raise ConfigError("no address of a Ray cluster, expected host:port, auto or local")
        self._request = request
        self.n_workers = request.workers

    def run(
        self, jobs: Sequence[JobT], make_worker: Callable[[], Worker[JobT, ResultT]]
    ) -> Iterator[Outcome[JobT, ResultT]]:
        """Yield outcomes as they come; see `Executor`. The connection ends with the iterator."""
        waiting = deque(jobs)
        busy: dict[Any, tuple[Any, JobT]] = {}

        def start(actor: Any) -> None:
            job = waiting.popleft()
            busy[actor.run.remote(job)] = (actor, job)

        with _connection(self._request):
            for _ in range(min(self.n_workers or _room(self._request), len(waiting))):
                start(self._actor(make_worker))
            while busy:
                (done,), _ = ray.wait(list(busy))
                actor, job = busy.pop(done)
                try:
                    outcome = ray.get(done)
                except ray.exceptions.RayError as error:
                    outcome = Outcome(job=job, error=_death(error))
                    ray.kill(actor)
                    actor = None
                if waiting:
                    start(actor or self._actor(make_worker))
                elif actor is not None:
                    ray.kill(actor)  # its place is for actors that still wait for one
                yield outcome

    def _actor(self, make_worker: Callable[[], Worker[JobT, ResultT]]) -> Any:
        """Return a process of the cluster; it starts as soon as there is room for it."""
        kind = ray.remote(JobRunner).options(
            num_cpus=1, num_gpus=self._request.gpus_per_worker, max_restarts=0, max_task_retries=0
        )
        return kind.remote(make_worker)


@contextmanager
def _connection(request: ExecutorRequest) -> Iterator[None]:
    """Connect to the cluster, and leave it at the end; a local one ends too."""
    is_local = request.address == LOCAL
    os.environ.setdefault(
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0"
    )  # otherwise ray warns of its next version
    if is_local:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # ray would tell its makers of every run
    try:
        ray.init(
            address=request.address,
            num_cpus=request.workers if is_local else None,
            include_dashboard=False if is_local else None,
            log_to_driver=False,
            configure_logging=False,
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise ConfigError(f"cannot use the Ray cluster {request.address!r}: {error}") from error
    try:
        yield
    finally:
        ray.shutdown()


def _room(request: ExecutorRequest) -> int:
    """Return how many workers the cluster has room for, at least 1."""
    resources = ray.cluster_resources()
    room = resources.get("CPU", 1)
    if request.gpus_per_worker:
        room = min(room, resources.get("GPU", 0) / request.gpus_per_worker)
    return max(1, int(room))


def _death(error: Exception) -> str:
    first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return f"the process that measured it ended: {first_line}"
