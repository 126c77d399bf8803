"""Tests for isegformer.propagation.interpolate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isegformer.propagation.interpolate import interpolate_labels, interpolated_distance, signed_distance


def between(first, second, *shares):
    return list(
        interpolate_labels(np.asarray(first, np.uint16), np.asarray(second, np.uint16), shares=shares)
    )


def disk(radius, label=1, centre=(15, 20)):
    rows, cols = np.ogrid[:31, :41]
    return np.uint16(label) * ((rows - centre[0]) ** 2 + (cols - centre[1]) ** 2 <= radius**2)


def test_signed_distance_by_hand():
    mask = np.array([[0, 0, 1, 1, 1, 0]], bool)
    padded = np.repeat(mask, 5, axis=0)
    assert signed_distance(padded)[2].tolist() == [-1.5, -0.5, 0.5, 1.5, 0.5, -0.5]
    assert signed_distance(padded).dtype == np.float32
    assert np.isneginf(signed_distance(np.zeros((2, 3), bool))).all()


def test_object_at_the_border_of_the_slice_ends_there():
    assert signed_distance(np.ones((3, 3), bool)).tolist() == [
        [0.5, 0.5, 0.5],
        [0.5, 1.5, 0.5],
        [0.5, 0.5, 0.5],
    ]


def test_radius_grows_linearly_between_two_disks():
    radii = [np.sqrt((one > 0).sum() / np.pi) for one in between(disk(4), disk(12), 0.25, 0.5, 0.75)]
    assert radii == pytest.approx([6, 8, 10], abs=0.5)


def test_equal_slices_stay_as_they_are():
    for result in between(disk(7), disk(7), 0.1, 0.5, 0.9):
        assert np.array_equal(result, disk(7))
        assert result.dtype == np.uint16


@pytest.mark.parametrize("is_first", [True, False])
def test_object_at_one_end_only_shrinks_away(is_first):
    ends, shares = [disk(8, label=300), np.zeros_like(disk(8))], np.array([0.25, 0.5, 0.75, 0.999])
    results = between(*ends, *shares) if is_first else between(*ends[::-1], *(1 - shares))
    areas = [(one == 300).sum() for one in results]
    assert areas == sorted(areas, reverse=True)
    assert areas[0] < (disk(8) > 0).sum()
    assert np.sqrt(np.array(areas) / np.pi) == pytest.approx([6, 4, 2, 0], abs=0.7)


def test_object_of_one_pixel_survives_between_equal_slices():
    one = np.zeros((5, 6), np.uint16)
    one[2, 3] = 9
    assert np.array_equal(between(one, one, 0.5)[0], one)


def test_the_object_that_is_deeper_inside_wins():
    first, second = disk(9, label=1), disk(9, label=2)
    near_first, near_second = between(first, second, 0.2, 0.8)
    assert near_first[15, 20] == 1
    assert near_second[15, 20] == 2


def test_two_empty_slices_give_an_empty_one():
    assert not between(np.zeros((4, 5)), np.zeros((4, 5)), 0.5)[0].any()
    empty = signed_distance(np.zeros((4, 5), bool))
    assert np.isneginf(interpolated_distance(empty, empty, share=0.5)).all()


@given(st.floats(0, 1), st.integers(0, 10**6))
def test_the_way_back_is_the_mirror_image(share, seed):
    first, second = (np.random.default_rng((seed, n)).random((6, 7)) > 0.6 for n in range(2))
    forward = interpolated_distance(signed_distance(first), signed_distance(second), share=share)
    backward = interpolated_distance(signed_distance(second), signed_distance(first), share=1 - share)
    assert np.allclose(forward, backward, atol=1e-5)
