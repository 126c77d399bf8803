"""Jobs in several processes of this machine.

Every process has one job at a time, so that a process that dies takes no other job with it. (The pools of the
standard library cannot tell which job that was.) This process is not forked, since torch does not survive
that once its threads run; a server without threads is, which has imported what takes long.
"""

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from typing import Any, Generic

from isegformer.evaluation.executors import JobRunner, JobT, Outcome, ResultT, Worker

_CONTEXT: SpawnContext | ForkServerContext
if "forkserver" in multiprocessing.get_all_start_methods():
    _CONTEXT = multiprocessing.get_context("forkserver")
    _CONTEXT.set_forkserver_preload(["isegformer.evaluation"])
else:
    _CONTEXT = multiprocessing.get_context("spawn")


class ProcessExecutor:
    """Keeps up to `n_workers` processes busy."""

    def __init__(self, *, n_workers: int) -> None:
        self.n_workers = n_workers

    def run(
        self, jobs: Sequence[JobT], make_worker: Callable[[], Worker[JobT, ResultT]]
    ) -> Iterator[Outcome[JobT, ResultT]]:
        """Yield outcomes as they come; see `Executor`. Processes end with the iterator."""
        waiting = deque(jobs)
        busy: dict[Connection, _Process[JobT, ResultT]] = {}
        try:
            for _ in range(min(self.n_workers, len(waiting))):
                process = _Process[JobT, ResultT](make_worker)
                busy[process.connection] = process
                process.start(waiting.popleft())
            while busy:
                for connection in wait(list(busy)):
                    assert isinstance(connection, Connection)
                    process = busy.pop(connection)
                    outcome = process.outcome()
                    if not waiting:
                        process.stop()
                    else:
                        process = process if process.is_alive else _Process(make_worker)
                        busy[process.connection] = process
                        process.start(waiting.popleft())
                    yield outcome
        finally:
            for process in busy.values():
                process.stop()


class _Process(Generic[JobT, ResultT]):
    """A process and the job that it has."""

    def __init__(self, make_worker: Callable[[], Worker[JobT, ResultT]]) -> None:
        self.connection, other_end = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_serve, args=(other_end, make_worker), daemon=True)
        self._process.start()
        other_end.close()  # so that a process that dies closes the last one, which is how we notice
        self._job: JobT | None = None
        self.is_alive = True

    def start(self, job: JobT) -> None:
        """Give a job to an idle process."""
        self._job = job
        with suppress(BrokenPipeError, ConnectionResetError):  # it died; `outcome` will say so
            self.connection.send(job)

    def outcome(self) -> Outcome[JobT, ResultT]:
        """Return what became of the job; waits for it."""
        assert self._job is not None
        try:
            outcome: Outcome[JobT, ResultT] = self.connection.recv()
        except (EOFError, ConnectionResetError):
            self._process.join(5)  # the pipe closes a moment before the exit code is known
            self.stop()
            return Outcome(job=self._job, error=_death(self._process.exitcode))
        return outcome

    def stop(self) -> None:
        """End the process, whatever it is doing; nothing in it has to be put away."""
        self.is_alive = False
        self.connection.close()
        self._process.kill()
        self._process.join()


def _serve(connection: Connection, make_worker: Callable[[], Worker[Any, Any]]) -> None:
    """Do the jobs that come through a pipe until it is closed. Runs in the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which closes the pipe
    runner = JobRunner(make_worker)
    while True:
        try:
            job = connection.recv()
        except (EOFError, OSError):
            return
        with suppress(BrokenPipeError):  # the parent was killed
            connection.send(runner.run(job))


def _death(exit_code: int | None) -> str:
    reason = f"signal {-exit_code}" if exit_code is not None and exit_code < 0 else f"exit code {exit_code}"
    return f"the process that measured it ended with {reason}; it may have run out of memory"
