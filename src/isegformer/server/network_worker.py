"""The one thread that asks the network of a device: a queue for each session, served in turn.

Tasks of one session run in the order in which they came. Tasks that say so are gathered: what has piled up
for one object and slice while the network was busy is one prediction, not many stale ones.
"""

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from isegformer.errors import IsegformerError, ShuttingDownError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """Something to do for a session."""

    run: Callable[[tuple[Any, ...]], Any]
    """Given the payloads of all tasks that were gathered, oldest first; its result is that of each."""
    payload: Any = None
    gathers_with: Hashable | None = None
    """Tasks of a session that follow one another with an equal value here are run as one; None: alone."""
    turns: AbstractContextManager[Any] = field(default_factory=nullcontext)
    """Held while the task runs: the turns of the device, for tasks that ask the network."""
    future: Future[Any] = field(default_factory=Future)


class NetworkWorker:
    """Runs tasks until it is closed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._lanes: OrderedDict[Hashable, deque[Task]] = OrderedDict()
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="network-worker")
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many tasks wait."""
        with self._changed:
            return sum(len(queue) for queue in self._lanes.values())

    def submit(self, lane: Hashable, task: Task) -> Future[Any]:
        """Put a task at the end of the queue of `lane`; ShuttingDownError once the worker is closed."""
        with self._changed:
            if self._is_closed:
                raise ShuttingDownError("the server is shutting down; try again when it is back")
            self._lanes.setdefault(lane, deque()).append(task)
            self._changed.notify()
        return task.future

    def close(self) -> None:
        """Take no more tasks, do those that are there, and wait for the end."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while (tasks := self._next()) is not None:
            live = [task for task in tasks if task.future.set_running_or_notify_cancel()]
            if live:
                with live[0].turns:
                    _run(live)

    def _next(self) -> list[Task] | None:
        """Wait for the next tasks to run as one; None when the worker is closed and nothing is left."""
        with self._changed:
            while not self._lanes:
                if self._is_closed:
                    return None
                self._changed.wait()
            lane, queue = self._lanes.popitem(last=False)
            tasks = [queue.popleft()]
            while queue and tasks[0].gathers_with is not None:
                if queue[0].gathers_with != tasks[0].gathers_with:
                    break
                tasks.append(queue.popleft())
            if queue:
                self._lanes[lane] = queue  # at the end: all other sessions come first
            return tasks


def _run(tasks: list[Task]) -> None:
    """Run gathered tasks; where they are refused together each is tried alone, so none pays for another."""
    try:
        result = tasks[0].run(tuple(task.payload for task in tasks))
    except IsegformerError as error:
        if len(tasks) == 1:
            tasks[0].future.set_exception(error)
        else:
            for task in tasks:
                _run([task])
    except BaseException as error:  # noqa: BLE001  # nothing may end the thread; whoever waits is told
        for task in tasks:
            task.future.set_exception(error)
    else:
        for task in tasks:
            task.future.set_result(result)
