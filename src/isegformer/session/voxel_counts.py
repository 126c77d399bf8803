"""How many voxels each label has, kept while the label map changes: counting them all takes long."""

import numpy as np

from isegformer.session.label_delta import BLOCK_VOXELS, LabelDelta
from isegformer.session.objects import MAX_LABEL
from isegformer.types import Labels


class VoxelCounts:
    """Counts for a label map (I, J, K) that is changed by deltas."""

    def __init__(self, labels: Labels) -> None:
        self._counts = np.zeros(MAX_LABEL + 1, np.int64)
        flat = labels.reshape(-1)
        for first in range(0, flat.size, BLOCK_VOXELS * 32):
            block = flat[first : first + BLOCK_VOXELS * 32]
            if block.any():
                found = np.bincount(block)
                self._counts[: found.size] += found
            else:  # most of most label maps, and much faster
                self._counts[0] += block.size

    def of(self, label: int) -> int:
        """Return the number of voxels of a label."""
        return int(self._counts[label])

    def forward(self, delta: LabelDelta) -> None:
        """Follow a change that was done."""
        np.add.at(self._counts, delta.after, delta.lengths)
        np.subtract.at(self._counts, delta.before, delta.lengths)

    def backward(self, delta: LabelDelta) -> None:
        """Follow a change that was taken back."""
        np.add.at(self._counts, delta.before, delta.lengths)
        np.subtract.at(self._counts, delta.after, delta.lengths)
