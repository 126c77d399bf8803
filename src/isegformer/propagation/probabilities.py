"""Stored probabilities of objects x slices x pixels in 16 bits, in memory up to a budget, then on disk."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from isegformer import scratch

SCALE = 65535
"""Probability 1 as a 16-bit number; the rounding error is at most 1 / 131070."""

BYTES_PER_VALUE = 2


class ProbabilityStore:
    """Probabilities of objects on slices; zeros until written. Never holds float32.

    Each object's part lies in memory while all parts together fit the budget, else in a temporary file
    (`isegformer.scratch`).

    Parameters
    ----------
    folder : where temporary files lie; None: `scratch.scratch_folder`
    """

    def __init__(
        self, n_slices: int, shape: tuple[int, int], *, budget_bytes: int, folder: Path | None = None
    ) -> None:
        self._shape = (n_slices, *shape)
        self._budget_bytes = budget_bytes
        self._folder = folder
        self._parts: dict[int, NDArray[np.uint16]] = {}
        self._on_disk: set[int] = set()
        self._is_written = np.zeros(n_slices, dtype=bool)
        self._start: Callable[[int], Tensor] | None = None

    @property
    def objects(self) -> list[int]:
        """Labels of the objects that are stored, ascending."""
        return sorted(self._parts)

    @property
    def bytes_in_memory(self) -> int:
        """Bytes that count towards the budget."""
        return self._part_bytes * (len(self._parts) - len(self._on_disk))

    @property
    def bytes_on_disk(self) -> int:
        """Bytes in temporary files."""
        return self._part_bytes * len(self._on_disk)

    @property
    def _part_bytes(self) -> int:
        return BYTES_PER_VALUE * int(np.prod(self._shape, dtype=np.int64))

    def add_object(self, label: int) -> None:
        """Make room for an object, with probability 0 everywhere; nothing happens if it is there already.

        Raises
        ------
        ScratchError : no room for a temporary file; the store is as it was
        """
        if label in self._parts:
            return
        if self.bytes_in_memory + self._part_bytes <= self._budget_bytes:
            self._parts[label] = np.zeros(self._shape, dtype=np.uint16)
            return
        self._parts[label] = scratch.on_disk(self._shape, np.uint16, folder=self._folder)
        self._on_disk.add(label)

    def start_from(self, start: Callable[[int], Tensor]) -> None:
        """Let slices that are not written yet be made by `start` when they are read.

        Parameters
        ----------
        start : from a slice index to the probabilities of all objects, float32 (N, h, w) on the CPU
        """
        self._start = start

    def is_written(self, index: int) -> bool:
        """Return whether a slice was written here."""
        return bool(self._is_written[index])

    def is_known(self, index: int) -> bool:
        """Return whether a slice was written or has a start."""
        return self._start is not None or self.is_written(index)

    def write(self, index: int, probability: Tensor, *, objects: Sequence[int]) -> None:
        """Store a slice: probability (N, h, w) in [0, 1] of `objects`; objects not named become 0."""
        rounded = (probability * SCALE).round().clamp(0, SCALE).cpu().numpy().astype(np.uint16)
        values = dict(zip(objects, rounded, strict=True))
        for label, part in self._parts.items():
            part[index] = values.get(label, 0)
        self._is_written[index] = True

    def read(self, index: int) -> Tensor:
        """Return the probabilities of all objects on a slice, float32 (N, h, w) on the CPU."""
        if self._start is not None and not self.is_written(index):
            return self._start(index)
        stack = np.stack([self._parts[label][index] for label in self.objects])
        return torch.from_numpy(stack.astype(np.float32) / np.float32(SCALE))

    def close(self) -> None:
        """Forget everything; the system deletes the temporary files."""
        self._parts.clear()
        self._on_disk.clear()
