from dataclasses import replace

import numpy as np
import pytest

from isegformer.clicks import Click
from isegformer.errors import DatasetError
from isegformer.evaluation.records import RecordKey, VolumeRecord
from isegformer.evaluation.shown_slices import shown_mask, shown_slices
from isegformer.evaluation.volume_metrics import slice_dice

SHAPE = (4, 5, 7)
CLICK = Click(row=2, col=1, is_positive=True)


@pytest.fixture
def target():
    """Return an object on slices 1 to 5 across the last axis, whose middle is 3."""
    mask = np.zeros(SHAPE, bool)
    mask[1:3, 1:4, 1:6] = True
    return mask


def shown(mask, target, **clicks):
    return shown_slices(mask, target, axis=2, slice_dice=slice_dice(mask, target, axis=2), **clicks)


def test_the_worst_and_the_middle_slice_are_kept_with_their_clicks(target):
    mask = target.copy()
    mask[1, 1, 2] = False
    mask[1, :, 5] = False
    worst, middle = shown(mask, target, clicks={3: (CLICK,), 4: (CLICK, CLICK)})
    assert (worst.index, worst.clicks) == (5, ())
    assert (middle.index, middle.clicks) == (3, (CLICK,))


def test_of_slices_with_the_same_dice_that_with_the_most_wrong_pixels_is_the_worst(target):
    mask = target.copy()
    mask[:, :, 5] = False  # 6 wrong pixels, Dice 0
    mask[0, :, 0] = True  # 5 wrong pixels, Dice 0
    assert shown(mask, target)[0].index == 5


def test_one_slice_is_kept_where_all_are_right_or_the_middle_is_the_worst(target):
    assert [one.index for one in shown(target, target)] == [3]
    mask = target.copy()
    mask[:, :, 3] = False
    assert [one.index for one in shown(mask, target)] == [3]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_masks_come_back_as_they_were(axis):
    mask = np.random.default_rng(axis).random(SHAPE) < 0.5
    target = np.ones(SHAPE, bool)
    kept = shown_slices(mask, target, axis=axis, slice_dice=slice_dice(mask, target, axis=axis))
    key = RecordKey(dataset="d", case="a", label=1, method="m")
    record = VolumeRecord(key=key, shape=SHAPE, axis=axis, shown=kept)
    for one in kept:
        assert np.array_equal(shown_mask(record, one), np.take(mask, one.index, axis=axis))


@pytest.mark.parametrize("damaged", ["not base64!", "AAAA"])
def test_a_damaged_mask_is_an_error(target, damaged):
    key = RecordKey(dataset="d", case="a", label=1, method="m")
    (one,) = shown(target, target)
    with pytest.raises(DatasetError, match="slice 3 of a record is damaged"):
        shown_mask(VolumeRecord(key=key, shape=SHAPE, axis=2), replace(one, mask=damaged))
