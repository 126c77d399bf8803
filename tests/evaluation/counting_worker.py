"""A worker that other processes can import."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Count:
    squared: int
    number: int
    process: int


class Counter:
    """A worker that squares numbers and counts them; refuses negative ones, and ends its process at 0."""

    def __init__(self):
        self._n_jobs = 0

    def __call__(self, job):
        if job < 0:
            raise ValueError(f"{job} is\nnegative")
        if job == 0:
            os._exit(3)
        self._n_jobs += 1
        return Count(squared=job**2, number=self._n_jobs, process=os.getpid())
