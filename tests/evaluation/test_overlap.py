import numpy as np
import pytest

from isegformer.errors import ShapeMismatchError
from isegformer.evaluation import dice, iou

EMPTY = np.zeros((1, 3), bool)


@pytest.mark.parametrize(
    ("target", "expected_iou", "expected_dice"),
    [
        ([[1, 0, 0]], 1 / 2, 2 / 3),
        ([[1, 1, 0]], 1.0, 1.0),
        ([[0, 0, 1]], 0.0, 0.0),
        ([[1, 1, 1]], 2 / 3, 4 / 5),
    ],
)
def test_overlap_counts_shared_pixels(target, expected_iou, expected_dice):
    prediction, target = np.array([[1, 1, 0]], bool), np.array(target, bool)
    assert iou(prediction, target) == pytest.approx(expected_iou)
    assert dice(prediction, target) == pytest.approx(expected_dice)


def test_two_empty_masks_agree_and_one_empty_mask_does_not():
    assert iou(EMPTY, EMPTY) == dice(EMPTY, EMPTY) == 1.0
    assert iou(~EMPTY, EMPTY) == dice(EMPTY, ~EMPTY) == 0.0


def test_ignored_pixels_do_not_count():
    prediction, target = np.array([[1, 1, 0]], bool), np.array([[1, 0, 1]], bool)
    assert iou(prediction, target, ignored=np.array([[0, 1, 1]], bool)) == 1.0


@pytest.mark.parametrize("measure", [iou, dice])
def test_two_shapes_are_refused(measure):
    with pytest.raises(ShapeMismatchError, match=r"\(1, 3\).*\(3, 1\)"):
        measure(EMPTY, EMPTY.T)
