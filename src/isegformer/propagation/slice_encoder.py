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
        """Return the keys of a slice; those used last are kept within the budget."""
        keys = self._cache.pop(index, None)
        if keys is None:
            keys = self._network.encode_key(self.frame(index))
            self._cached_bytes += keys.n_bytes
        self._cache[index] = keys
        while self._cached_bytes > self._config.key_cache_bytes:
            self._cached_bytes -= self._cache.popitem(last=False)[1].n_bytes
        return keys

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

    def predict(self, index: int, memory: MemoryBank, *, objects: Sequence[int]) -> Tensor:
        """Return the probabilities (N, H, W) of `objects`, at least one, competing on a slice."""
        keys, step = self.keys(index), self._config.objects_at_once
        logits = []
        for at in range(0, len(objects), step):
            readout = memory.read(
                keys.key,
                objects[at : at + step],
                top_k=self._config.top_k,
                block_bytes=self._config.block_bytes,
            )
            logits.append(self._network.decode(readout, keys))
        return soft_aggregate(torch.sigmoid(torch.cat(logits)))[1:, 0]
