"""Stored probabilities of objects x slices x pixels in 16 bits, in memory up to a budget, then on disk."""

import tempfile
from collections.abc import Sequence
from typing import IO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SCALE = 65535
"""Probability 1 as a 16-bit number; the rounding error is at most 1 / 131070."""

BYTES_PER_VALUE = 2


class ProbabilityStore:
    """Probabilities of objects on slices; zeros until written. Never holds float32.

    Each object's part lies in memory while all parts together fit the budget, else in a temporary file that
    the system deletes when the store is closed or the process ends.
    """

    def __init__(self, n_slices: int, shape: tuple[int, int], *, budget_bytes: int) -> None:
        self._shape = (n_slices, *shape)
        self._budget_bytes = budget_bytes
        self._parts: dict[int, NDArray[np.uint16]] = {}
        self._files: dict[int, IO[bytes]] = {}

    @property
    def objects(self) -> list[int]:
        """Labels of the objects that are stored, ascending."""
        return sorted(self._parts)

    @property
    def bytes_in_memory(self) -> int:
        """Bytes that count towards the budget."""
        return self._part_bytes * (len(self._parts) - len(self._files))

    @property
    def bytes_on_disk(self) -> int:
        """Bytes in temporary files."""
        return self._part_bytes * len(self._files)

    @property
    def _part_bytes(self) -> int:
        return BYTES_PER_VALUE * int(np.prod(self._shape, dtype=np.int64))

    def add_object(self, label: int) -> None:
        """Make room for an object, with probability 0 everywhere; nothing happens if it is there already."""
        if label in self._parts:
            return
        if self.bytes_in_memory + self._part_bytes <= self._budget_bytes:
            self._parts[label] = np.zeros(self._shape, dtype=np.uint16)
            return
        file = tempfile.TemporaryFile(prefix="isegformer-")  # noqa: SIM115  # lives as long as the store
        self._files[label] = file
        self._parts[label] = np.memmap(file, dtype=np.uint16, mode="w+", shape=self._shape)

    def write(self, index: int, probability: Tensor, *, objects: Sequence[int]) -> None:
        """Store a slice: probability (N, h, w) in [0, 1] of `objects`; objects not named become 0."""
        rounded = (probability * SCALE).round().clamp(0, SCALE).cpu().numpy().astype(np.uint16)
        values = dict(zip(objects, rounded, strict=True))
        for label, part in self._parts.items():
            part[index] = values.get(label, 0)

    def read(self, index: int) -> Tensor:
        """Return the probabilities of all objects on a slice, float32 (N, h, w) on the CPU."""
        stack = np.stack([self._parts[label][index] for label in self.objects])
        return torch.from_numpy(stack.astype(np.float32) / np.float32(SCALE))

    def close(self) -> None:
        """Forget everything and delete the temporary files."""
        self._parts.clear()
        for file in self._files.values():
            file.close()
        self._files.clear()
