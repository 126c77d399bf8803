"""The order in which samples of a run are taken: 0, 1, 2, ... from wherever the run stands."""

from collections.abc import Iterator

from torch.utils.data import Sampler


class RunSampler(Sampler[int]):
    """Yields sample numbers without end, for one of several processes.

    Batches of `batch_size` consecutive numbers go to the processes in turn, so that the global batch of a
    step is the same run of numbers whatever the number of processes. It has no length on purpose: the trainer
    counts steps, and a resumed run must not mistake the rest of the samples for all of them.
    """

    def __init__(self, *, start: int, batch_size: int, process: int = 0, processes: int = 1) -> None:
        self._start = start
        self._batch_size = batch_size
        self._process = process
        self._processes = processes

    def __iter__(self) -> Iterator[int]:
        """Yield sample numbers from `start` on."""
        first = self._start + self._process * self._batch_size
        while True:
            yield from range(first, first + self._batch_size)
            first += self._processes * self._batch_size
