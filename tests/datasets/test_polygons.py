"""Polygons: pixels whose centres lie inside."""

import numpy as np
import pytest

from isegformer.datasets import polygons
from isegformer.datasets.polygons import mask_from_polygon
from isegformer.errors import UnreadableCaseError


def mask(points, shape=(4, 5)):
    return mask_from_polygon(np.array(points, np.float32), shape).astype(int).tolist()


def test_a_rectangle_covers_its_pixels():
    assert mask([[1, 0], [4, 0], [4, 2], [1, 2]]) == [[0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0] * 5, [0] * 5]


def test_a_triangle_covers_the_centres_below_its_slope():
    # Centres (c + 0.5, r + 0.5) with x + 0.2 above y, and x below 4.2.
    points = [[0, 0.2], [4.2, 4.4], [4.2, 0.2]]
    assert mask(points) == [[1, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 0], [0, 0, 0, 1, 0]]


def test_what_lies_outside_is_cut_off():
    assert mask([[-9, -9], [99, -9], [99, 99], [-9, 99]]) == [[1] * 5] * 4
    assert mask([[-9, 0], [-5, 0], [-5, 3]]) == [[0] * 5] * 4
    assert mask([[0, 10], [5, 10], [5, 20]]) == [[0] * 5] * 4


def test_neighbours_that_share_an_edge_share_no_pixel():
    left = np.array(mask([[0, 0], [2.5, 0], [1.5, 4], [0, 4]]))
    right = np.array(mask([[2.5, 0], [5, 0], [5, 4], [1.5, 4]]))
    assert (left + right == 1).all()


def test_where_an_outline_crosses_itself_it_is_outside():
    # Two squares drawn in one go; they overlap in the pixel (1, 1).
    both = [[0, 0], [2, 0], [2, 2], [0, 2], [0, 0], [1, 1], [3, 1], [3, 3], [1, 3], [1, 1]]
    assert mask(both) == [[1, 1, 0, 0, 0], [1, 0, 1, 0, 0], [0, 1, 1, 0, 0], [0] * 5]


@pytest.mark.parametrize(
    "points", [[[0, 0], [1, 1]], [[0, 0], [np.nan, 1], [1, 1]], [[0, 0], [np.inf, 1], [1, 1]]]
)
def test_impossible_polygons_are_refused(points):
    with pytest.raises(UnreadableCaseError, match="corners"):
        mask(points)


def test_polygons_that_would_take_all_memory_are_refused(monkeypatch):
    with pytest.raises(UnreadableCaseError, match="20001 corners"):
        mask_from_polygon(np.zeros((20_001, 2)), (4, 5))
    monkeypatch.setattr(polygons, "MAX_CROSSINGS", 7)
    with pytest.raises(UnreadableCaseError, match="crosses 8 rows"):
        mask([[1, 0], [4, 0], [4, 4], [1, 4]])
