import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isegformer.clicks import Click, click_positions, encode_disks


def test_a_disk_holds_its_border_and_is_cut_at_the_slice():
    maps = encode_disks([(0, 2, True)], (3, 6), radius_px=2)
    assert maps.dtype == np.float32
    assert maps[0].tolist() == [[1, 1, 1, 1, 1, 0], [0, 1, 1, 1, 0, 0], [0, 0, 1, 0, 0, 0]]
    assert not maps[1].any()


def test_negative_clicks_go_to_the_second_map():
    maps = encode_disks(click_positions([Click(row=1, col=0, is_positive=False)]), (2, 3), radius_px=0)
    assert maps.tolist() == [[[0, 0, 0], [0, 0, 0]], [[0, 0, 0], [1, 0, 0]]]


def test_fractions_of_a_pixel_count():
    assert encode_disks([(0, 0.5, True)], (1, 4), radius_px=0.5)[0].tolist() == [[1, 1, 0, 0]]


def test_a_disk_that_misses_the_slice_leaves_it_empty():
    assert not encode_disks([(-9, 50, True)], (3, 4), radius_px=5).any()


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 64), st.booleans()), max_size=6),
    st.integers(0, 24),
)
def test_disks_equal_the_distance_to_the_nearest_click(quarters, radius_quarters):
    # Quarters of a pixel have exact squares, so that both sides round alike.
    positions, radius = [(r / 4, c / 4, s) for r, c, s in quarters], radius_quarters / 4
    maps = encode_disks(positions, (11, 17), radius_px=radius)
    rows, cols = np.mgrid[:11, :17]
    for channel, sign in enumerate((True, False)):
        nearest = np.full((11, 17), np.inf)
        for row, col, is_positive in positions:
            if is_positive == sign:
                nearest = np.minimum(nearest, (rows - row) ** 2 + (cols - col) ** 2)
        assert (maps[channel] == (nearest <= radius**2)).all()


@pytest.mark.parametrize("shape", [(1, 1), (2, 9)])
def test_maps_have_the_size_asked_for(shape):
    assert encode_disks([], shape, radius_px=5).shape == (2, *shape)
