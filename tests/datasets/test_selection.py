"""Which labels are objects."""

import numpy as np
import pytest

from isegformer.datasets import select_objects
from isegformer.datasets.selection import check_groups
from isegformer.errors import ConfigError


def test_each_group_is_one_object_and_the_rest_background():
    labels = np.array([[0, 1, 2], [4, 3, 2]], np.uint8)
    assert select_objects(labels, [[1, 4], [2]]).tolist() == [[0, 1, 2], [1, 0, 2]]
    assert select_objects(labels, [[4]]).tolist() == [[0, 0, 0], [4, 0, 0]]
    assert select_objects(labels, [[4]]).dtype == np.uint16


@pytest.mark.parametrize("groups", [[], [[]], [[1], []], [[0]], [[-1]], [[70000]]])
def test_groups_hold_labels(groups):
    with pytest.raises(ConfigError, match="labels from 1 to 65535"):
        check_groups(groups)


@pytest.mark.parametrize("groups", [[[1], [1]], [[1, 1]]])
def test_no_label_is_in_two_objects(groups):
    with pytest.raises(ConfigError, match="each label once"):
        check_groups(groups)
