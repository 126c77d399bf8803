import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isegformer.clicks import Click
from isegformer.errors import ConfigError
from isegformer.interaction.zoom import ZoomConfig, choose_roi, is_cut, network_shape, object_roi
from isegformer.slicing import Roi

CONFIG = ZoomConfig(least_side_px=20, margin=1.4)
SHAPE = (100, 120)


def probability(rows, cols, shape=SHAPE):
    result = np.zeros(shape, np.float32)
    result[rows, cols] = 0.9
    return result


def positive(row, col):
    return Click(row=row, col=col, is_positive=True)


def roi(*limits):
    return Roi(row_start=limits[0], row_stop=limits[1], col_start=limits[2], col_stop=limits[3])


def choose(clicks, before, *, current=None, config=CONFIG):
    return choose_roi(clicks, before, current=current, shape=SHAPE, config=config)


def test_the_first_click_sees_the_slice_as_it_is():
    assert choose([positive(5, 5)], None) is None


def test_an_empty_mask_gives_nothing_to_zoom_in_on():
    assert choose([positive(5, 5), positive(6, 6)], np.zeros(SHAPE, np.float32)) is None


def test_the_region_is_the_object_widened_about_its_centre():
    # rows 40..59: centre 49.5, extent 28, so 35.5..63.5, rounded to even 36..64; columns: 21.5..77.5, 22..78
    chosen = choose([positive(50, 50)] * 2, probability(slice(40, 60), slice(30, 70)))
    assert chosen == roi(36, 65, 22, 79)


def test_positive_clicks_outside_the_mask_widen_the_region_negative_ones_do_not():
    before = probability(slice(40, 60), slice(40, 60))
    away = Click(row=5, col=5, is_positive=False)
    without = choose([positive(50, 50), away], before)
    assert without == choose([positive(50, 50)] * 2, before)
    assert choose([positive(50, 50), positive(5, 50)], before).row_start == 0
    assert without.row_start > 5


def test_small_objects_get_the_least_side_and_the_slice_is_the_limit():
    assert choose([positive(50, 50)] * 2, probability(50, 50)) == roi(40, 61, 40, 61)
    assert choose([positive(0, 119)] * 2, probability(0, 119)) == roi(0, 11, 109, 120)


def test_a_region_is_kept_while_it_overlaps_enough_and_holds_the_clicks():
    before = probability(slice(40, 60), slice(40, 60))
    current = roi(35, 66, 35, 66)
    assert choose([positive(50, 50)] * 2, before, current=current) == current
    assert choose([positive(50, 50)] * 2, before, current=roi(0, 100, 0, 120)) != roi(0, 100, 0, 120)
    # the last row of a region counts as outside
    at_the_edge = choose([positive(50, 50), positive(65, 50)], before, current=current)
    assert at_the_edge != current


def test_whole_slice_is_resized_before_there_is_a_mask():
    config = ZoomConfig(before_mask="whole_slice", side_px=256)
    chosen = choose([positive(5, 5)], None, config=config)
    assert chosen == roi(0, 100, 0, 120)
    assert network_shape(chosen, config=config) == (213, 256)


def test_square_fit_stretches():
    assert network_shape(roi(0, 10, 0, 50), config=ZoomConfig(fit="square", side_px=64)) == (64, 64)


@given(st.integers(0, 99), st.integers(0, 119), st.integers(1, 40), st.integers(1, 40))
def test_the_region_lies_in_the_slice_and_holds_the_object(row, col, height, width):
    mask = probability(slice(row, row + height), slice(col, col + width)) > 0.5
    chosen = object_roi(mask, [], config=CONFIG)
    assert chosen.row_stop <= SHAPE[0]
    assert chosen.col_stop <= SHAPE[1]
    inside = mask[chosen.row_start : chosen.row_stop, chosen.col_start : chosen.col_stop]
    assert inside.sum() == mask.sum()


@pytest.mark.parametrize(
    "values", [{"margin": 0.9}, {"side_px": 8}, {"least_side_px": 0}, {"keep_iou": 1.5}, {"clear_px": -1}]
)
def test_numbers_out_of_range_are_refused(values):
    with pytest.raises(ConfigError):
        ZoomConfig(**values)


@pytest.mark.parametrize(
    ("rows", "cols", "expected"),
    [
        (slice(50, 60), slice(50, 60), False),
        (slice(42, 60), slice(50, 60), False),  # two pixels stay clear
        (slice(41, 60), slice(50, 60), True),
        (slice(50, 79), slice(50, 60), True),
        (slice(50, 60), slice(41, 60), True),
        (slice(50, 60), slice(50, 79), True),
        (slice(0, 0), slice(0, 0), False),
    ],
)
def test_a_mask_is_cut_where_it_comes_near_an_edge_of_the_region(rows, cols, expected):
    mask = np.zeros(SHAPE, bool)
    mask[rows, cols] = True
    assert is_cut(mask, roi(40, 80, 40, 80), config=ZoomConfig(clear_px=2)) is expected
    assert is_cut(mask, roi(40, 80, 40, 80), config=ZoomConfig()) is False


def test_edges_of_the_slice_cut_nothing():
    whole = np.ones(SHAPE, bool)
    assert not is_cut(whole, roi(0, 100, 0, 120), config=ZoomConfig(clear_px=2))
    assert is_cut(whole, roi(0, 99, 0, 120), config=ZoomConfig(clear_px=2))


def test_a_mask_that_reaches_the_edge_of_its_region_gets_a_wider_one():
    before, current = probability(slice(40, 60), slice(40, 60)), roi(40, 70, 36, 65)
    kept, config = [positive(50, 50)] * 2, ZoomConfig(least_side_px=20, clear_px=1)
    assert choose(kept, before, current=current) == current
    assert choose(kept, before, current=current, config=config) == roi(36, 65, 36, 65)
