"""How long a run waits for its data: a fast processor is idle while samples are prepared too slowly."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any


class DataWait:
    """Adds up the time that a run spends waiting for its next batch; seconds come from `clock`."""

    def __init__(self, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._waited_s = 0.0
        self._since_s = clock()

    def timed(self, batches: Iterable[Any]) -> "TimedBatches":
        """Return the same batches, whose waiting counts."""
        return TimedBatches(batches, wait=self)

    def next_of(self, iterator: Iterator[Any]) -> Any:
        """Return the next batch; StopIteration where there is none."""
        start_s = self._clock()
        batch = next(iterator)
        self._waited_s += self._clock() - start_s
        return batch

    def restart(self) -> None:
        """Forget what was waited until now."""
        self._waited_s, self._since_s = 0.0, self._clock()

    def take_share(self) -> float:
        """Return the share of the time that went into waiting since the last call or restart, in [0, 1]."""
        now_s = self._clock()
        share = self._waited_s / (now_s - self._since_s) if now_s > self._since_s else 0.0
        self.restart()
        return share


class TimedBatches:
    """Batches that can be gone through as often as those they wrap."""

    def __init__(self, batches: Iterable[Any], *, wait: DataWait) -> None:
        self._batches = batches
        self._wait = wait

    def __iter__(self) -> Iterator[Any]:
        """Yield the batches."""
        iterator = iter(self._batches)
        while True:
            try:
                batch = self._wait.next_of(iterator)
            except StopIteration:
                return
            yield batch
