"""Tests for isegformer.propagation.annotations."""

import numpy as np
import pytest

from isegformer.errors import PropagationError, ShapeMismatchError
from isegformer.propagation.annotations import check_annotations, objects_in


def check(annotations):
    return check_annotations(annotations, n_slices=5, shape=(2, 3))


def test_annotations_come_back_in_order_as_copies():
    given = {4: np.full((2, 3), 7, np.int64), 1: np.ones((2, 3), bool)}
    checked = check(given)
    assert list(checked) == [1, 4]
    assert all(labels.dtype == np.uint16 for labels in checked.values())
    given[4][:] = 0
    assert checked[4].tolist() == [[7, 7, 7], [7, 7, 7]]


@pytest.mark.parametrize(
    ("annotations", "error", "message"),
    [
        ({}, PropagationError, "draw an object"),
        ({5: np.zeros((2, 3), np.uint16)}, PropagationError, "slice 5, expected 0 to 4"),
        ({-1: np.zeros((2, 3), np.uint16)}, PropagationError, "expected 0 to 4"),
        ({0: np.zeros((3, 2), np.uint16)}, ShapeMismatchError, r"\(3, 2\), expected \(2, 3\)"),
        ({0: np.full((2, 3), -1)}, PropagationError, "whole numbers"),
        ({0: np.full((2, 3), 65536)}, PropagationError, "whole numbers"),
        ({0: np.ones((2, 3), np.float32)}, PropagationError, "float32"),
    ],
)
def test_annotations_that_cannot_be_used_are_refused(annotations, error, message):
    with pytest.raises(error, match=message):
        check(annotations)


def test_objects_are_all_labels_above_zero():
    assert objects_in({0: np.array([[0, 65535]]), 3: np.array([[2, 2]])}) == [2, 65535]
