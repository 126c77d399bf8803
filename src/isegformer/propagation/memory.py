"""What a pass remembers: annotated slices for good, predicted ones until the pass ends.

Shapes: L = h x w cells of a slice, Ck and Cv the channels of keys and values.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from isegformer.propagation.affinity import read_out


@dataclass(frozen=True, kw_only=True)
class MemoryEntry:
    """One slice in memory."""

    key: Tensor
    """(L, Ck)"""

    values: Mapping[int, Tensor]
    """(L, Cv) for each object's label."""


class MemoryBank:
    """The memory of one pass: permanent entries and at most `max_recent` temporary ones."""

    def __init__(self, permanent: Iterable[MemoryEntry], *, max_recent: int) -> None:
        self._permanent = list(permanent)
        self._recent: deque[MemoryEntry] = deque(maxlen=max_recent)
        self._key: Tensor | None = None
        self._values: dict[int, Tensor] = {}

    def __len__(self) -> int:
        """Return the number of slices in memory."""
        return len(self._permanent) + len(self._recent)

    def add(self, entry: MemoryEntry) -> None:
        """Remember a predicted slice; the oldest predicted one goes when there are too many."""
        self._recent.append(entry)
        self._key = None
        self._values.clear()

    def read(self, query_key: Tensor, labels: Sequence[int], *, top_k: int, block_bytes: int) -> Tensor:
        """Read the values of the objects `labels` for slices' keys; (B, Ck, h, w) -> (B, N, Cv, h, w).

        Every entry must hold a value for each of `labels`.
        """
        n_slices, _, rows, cols = query_key.shape
        if self._key is None:
            self._key = torch.cat([entry.key for entry in self._entries()])
        read = read_out(
            self._key,
            [self._value(label) for label in labels],
            query_key=cells(query_key).flatten(0, 1),
            top_k=top_k,
            block_bytes=block_bytes,
        )
        stacked = torch.stack(read).view(len(labels), n_slices, rows * cols, -1)  # (N, B, L, Cv)
        return stacked.permute(1, 0, 3, 2).reshape(n_slices, len(labels), -1, rows, cols)

    def _entries(self) -> list[MemoryEntry]:
        return [*self._permanent, *self._recent]

    def _value(self, label: int) -> Tensor:
        if label not in self._values:
            self._values[label] = torch.cat([entry.values[label] for entry in self._entries()])
        return self._values[label]


def cells(tensor: Tensor) -> Tensor:
    """Return a feature map as rows of cells; (N, C, h, w) -> (N, L, C), contiguous."""
    return tensor.flatten(2).transpose(1, 2).contiguous()
