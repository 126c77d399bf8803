"""Metrics of an object in a volume: answers by hand, masks that are empty or full."""

import numpy as np
import pytest

from isegformer.errors import GeometryError, ShapeMismatchError
from isegformer.evaluation.volume_metrics import METRICS, slice_dice, volume_metrics

SHAPE = (3, 4, 5)
SPACING_MM = (1.0, 2.0, 3.0)


def block(*box):
    mask = np.zeros(SHAPE, bool)
    mask[box] = True
    return mask


def metrics(prediction, target):
    return volume_metrics(prediction, target, spacing_mm=SPACING_MM)


def test_overlap_counts_voxels():
    # 12 voxels predicted, 8 in the target, 4 shared
    prediction = block(np.s_[0:3], np.s_[0:2], np.s_[0:2])
    target = block(np.s_[1:3], np.s_[1:3], np.s_[0:2])
    found = metrics(prediction, target)
    assert found["dice"] == pytest.approx(2 * 4 / 20)
    assert found["iou"] == pytest.approx(4 / 16)
    assert found["sensitivity"] == pytest.approx(4 / 8)
    assert found["ppv"] == pytest.approx(4 / 12)


def test_lengths_are_in_mm_along_the_right_axes():
    found = metrics(block(1, 1, 1), block(1, 1, 3))
    assert (found["assd_mm"], found["hd95_mm"], found["nsd"]) == (6.0, 6.0, 0.0)


def test_tolerance_is_that_asked_for():
    found = volume_metrics(block(1, 1, 1), block(2, 1, 1), spacing_mm=SPACING_MM, tolerance_mm=0.9)
    assert found["nsd"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("prediction", "target", "expected"),
    [
        (block(0, 0, 0) & False, block(1, 1, 1), (0, 0, 0, None, None, None, 0)),
        (block(1, 1, 1), block(0, 0, 0) & False, (0, 0, None, 0, None, None, 0)),
        (block(0, 0, 0) & False, block(0, 0, 0) & False, (1, 1, None, None, None, None, None)),
        (block(...), block(...), (1, 1, 1, 1, 0, 0, 1)),
    ],
    ids=["prediction empty", "target empty", "both empty", "both full"],
)
def test_empty_and_full_masks_have_the_values_of_the_table(prediction, target, expected):
    assert metrics(prediction, target) == dict(zip(METRICS, expected, strict=True))


def test_a_full_prediction_finds_everything_and_is_mostly_wrong():
    found = metrics(block(...), block(np.s_[0:1], np.s_[0:3], np.s_[0:5]))
    assert (found["sensitivity"], found["ppv"]) == (1.0, 15 / 60)


@pytest.mark.parametrize(
    ("axis", "expected"), [(0, (0.0, 1.0, 2 / 3)), (1, (1.0, 0.0, 1.0, 1.0)), (2, (0.5, 1.0, 1.0, 1.0, 1.0))]
)
def test_slice_dice_runs_across_the_axis_and_empty_slices_agree(axis, expected):
    # slice 0 across axis 0: one voxel, missed; 1: empty; 2: one of two predicted voxels is right
    prediction = block(2, 1, 0) | block(2, 0, 0)
    target = block(0, 1, 0) | block(2, 0, 0)
    assert slice_dice(prediction, target, axis=axis) == pytest.approx(expected)


def test_slice_dice_refuses_other_axes_and_shapes():
    with pytest.raises(GeometryError, match="axis is 3"):
        slice_dice(block(...), block(...), axis=3)
    with pytest.raises(ShapeMismatchError, match="expected"):
        slice_dice(block(...), block(...)[:2], axis=0)
