"""How many voxels each label has, kept while the label map changes: counting them all takes long."""

import numpy as np

from isegformer.session.label_delta import LabelDelta
from isegformer.session.objects import MAX_LABEL
from isegformer.types import Labels
from isegformer.volume import label_counts


class VoxelCounts:
    """Counts for a label map (I, J, K) that is changed by deltas."""

    def __init__(self, labels: Labels) -> None:
        self._counts = np.zeros(MAX_LABEL + 1, np.int64)
        for label, count in label_counts(labels).items():
            self._counts[label] = count

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
