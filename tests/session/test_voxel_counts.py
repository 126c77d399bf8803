import numpy as np

from isegformer.session.label_delta import volume_delta
from isegformer.session.voxel_counts import VoxelCounts


def test_counts_follow_changes_forth_and_back():
    before = np.zeros((2, 3, 4), np.uint16)
    before[0, 0] = 5
    after = before.copy()
    after[0, 0, 1:] = 7
    after[1, 2, 3] = 65535
    counts, delta = VoxelCounts(before), volume_delta(before, after)
    assert [counts.of(label) for label in (0, 5, 7, 65535)] == [20, 4, 0, 0]
    counts.forward(delta)
    assert [counts.of(label) for label in (0, 5, 7, 65535)] == [19, 1, 3, 1]
    counts.backward(delta)
    assert [counts.of(label) for label in (0, 5, 7, 65535)] == [20, 4, 0, 0]
