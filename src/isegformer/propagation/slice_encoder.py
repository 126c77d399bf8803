"""Runs the propagation network on slices, by index, and keeps what may be needed again within a budget.

Shapes: N objects, H x W pixels of the working grid.
"""

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor

from isegformer.models.soft_aggregation import soft_aggregate
from isegformer.models.stcn import StcnKeys
from isegformer.propagation.aggregation import sum_of_others
from isegformer.propagation.config import PropagatorConfig
from isegformer.propagation.memory import MemoryBank, MemoryEntry, cells
from isegformer.propagation.slices import SliceSource
from isegformer.propagation.working_grid import WorkingGrid, working_grid
from isegformer.runtimes import PropagationEngine


class SliceEncoder:
    """Keys, memory entries and predictions of slices."""

    def __init__(self, network: PropagationEngine, slices: SliceSource, *, config: PropagatorConfig) -> None:
        self._network = network
        self._slices = slices
        self._config = config
        self._cache: OrderedDict[int, StcnKeys] = OrderedDict()
        self._cached_bytes = 0
        self.device: torch.device = network.device
        self.grid: WorkingGrid = working_grid(
            slices.shape,
            min_side_px=config.min_side_px,
            max_enlarged_side_px=config.max_enlarged_side_px,
        )

    def frame(self, index: int) -> Tensor:
        """Return a slice as the network's input, (1, 3, H, W)."""
        return self.grid.frame(self._slices[index], device=self.device)

    def keys(self, index: int) -> StcnKeys:
        """Return the keys of a slice; those used last are kept within the budget, until `forget`."""
        return self._keys_of([index])[0]

    def forget(self, index: int) -> None:
        """Keep the keys of a slice no longer: nothing will ask for them soon."""
        keys = self._cache.pop(index, None)
        if keys is not None:
            self._cached_bytes -= keys.n_bytes

    @property
    def slices_together(self) -> int:
        """How many slices go through the network at once, where they read the same memory."""
        rows, cols = self.grid.shape
        return max(1, self._config.together_px // (rows * cols))

    def _keys_of(self, indices: Sequence[int]) -> list[StcnKeys]:
        """Return the keys of some slices; those that are not kept are encoded together."""
        found = {index: self._cache.pop(index) for index in indices if index in self._cache}
        missing = [index for index in indices if index not in found]
        if missing:
            together = self._network.encode_key(torch.cat([self.frame(index) for index in missing]))
            for index, keys in zip(missing, slices_of(together), strict=True):
                found[index] = keys
                self._cached_bytes += keys.n_bytes
        for index in indices:
            self._cache[index] = found[index]
        while self._cached_bytes > self._config.key_cache_bytes:
            self._cached_bytes -= self._cache.popitem(last=False)[1].n_bytes
        return [found[index] for index in indices]

    def entry(self, index: int, masks: Tensor, *, objects: Sequence[int]) -> MemoryEntry:
        """Return a slice and the masks of `objects` on it, (N, 1, H, W), as an entry for memory."""
        keys, frame, others = self.keys(index), self.frame(index), sum_of_others(masks)
        step = self._config.objects_at_once
        values = [
            cells(
                self._network.encode_value(
                    frame, keys, mask=masks[at : at + step], others=others[at : at + step]
                )
            )
            for at in range(0, len(objects), step)
        ]
        return MemoryEntry(
            key=cells(keys.key)[0], values=dict(zip(objects, torch.cat(values).unbind(), strict=True))
        )

    def logits(self, indices: Sequence[int], memory: MemoryBank, *, objects: Sequence[int]) -> list[Tensor]:
        """Return for each slice the logits (N, 1, H, W) of `objects`, at least one, each on its own."""
        keys, step = self._keys_of(indices), self._config.objects_at_once
        queries = torch.cat([one.key for one in keys])
        parts: list[list[Tensor]] = [[] for _ in indices]
        for at in range(0, len(objects), step):
            readout = memory.read(
                queries,
                objects[at : at + step],
                top_k=self._config.top_k,
                block_bytes=self._config.block_bytes,
            )
            for part, decoded in zip(parts, self._decoded(readout, keys), strict=True):
                part.append(decoded)
        return [torch.cat(part) for part in parts]

    def _decoded(self, readout: Tensor, keys: Sequence[StcnKeys]) -> list[Tensor]:
        """Return the logits of each slice; one object on several slices goes through the network at once."""
        if readout.shape[1] == 1:
            together = self._network.decode(readout[:, 0], together_of(keys))
            return [together[at : at + 1] for at in range(len(keys))]
        return [self._network.decode(read, one) for read, one in zip(readout, keys, strict=True)]


def compete(logits: Tensor) -> Tensor:
    """Return the probabilities (N, H, W) of objects that compete for the pixels of a slice.

    Parameters
    ----------
    logits : (N, 1, H, W), of each object on its own
    """
    return soft_aggregate(torch.sigmoid(logits))[1:, 0]


def slices_of(keys: StcnKeys) -> list[StcnKeys]:
    """Return keys of B slices as those of each, with memory of their own."""
    n_slices = len(keys.key)
    if n_slices == 1:
        return [keys]
    return [
        StcnKeys(
            key=keys.key[at : at + 1].clone(),
            context=keys.context[at : at + 1].clone(),
            sixteenth=keys.sixteenth[at : at + 1].clone(),
            skips=tuple(skip[at : at + 1].clone() for skip in keys.skips),
        )
        for at in range(n_slices)
    ]


def together_of(keys: Sequence[StcnKeys]) -> StcnKeys:
    """Return keys of single slices as those of all of them."""
    if len(keys) == 1:
        return keys[0]
    return StcnKeys(
        key=torch.cat([one.key for one in keys]),
        context=torch.cat([one.context for one in keys]),
        sixteenth=torch.cat([one.sixteenth for one in keys]),
        skips=tuple(torch.cat(skips) for skips in zip(*(one.skips for one in keys), strict=True)),
    )
