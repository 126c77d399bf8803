import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from isegformer.errors import ConfigError
from isegformer.volume import (
    Geometry,
    Volume,
    Window,
    apply_window,
    default_window,
    window_from_level,
    window_from_percentiles,
)


def _bounds(window: Window) -> tuple[float, float]:
    return window.low, window.high


def test_percentiles_of_0_to_1000_are_1_and_999():
    assert _bounds(window_from_percentiles(np.arange(1001))) == pytest.approx((1, 999))
    assert _bounds(window_from_percentiles(np.arange(1001, dtype=np.float32), 10, 50)) == pytest.approx(
        (100, 500)
    )


def test_nan_and_infinity_do_not_count_in_percentiles():
    voxels = np.concatenate([np.arange(1001.0), [np.nan, np.inf, -np.inf]])
    assert _bounds(window_from_percentiles(voxels)) == pytest.approx((1, 999))
    assert window_from_percentiles(np.full(3, np.nan)) == Window(0.0, 0.0)


def test_window_maps_low_to_0_and_high_to_1_and_clips():
    scaled = apply_window(np.array([-5, 0, 5, 10, 15], np.int16), Window(0, 10))
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, np.array([0, 0, 0.5, 1, 1], np.float32))


def test_nan_becomes_0_and_infinities_the_ends():
    scaled = apply_window(np.array([np.nan, -np.inf, np.inf, 1.0]), Window(0, 2))
    np.testing.assert_array_equal(scaled, np.array([0, 0, 1, 0.5], np.float32))


def test_constant_volume_becomes_0():
    voxels = np.full((2, 3, 4), 7, np.int16)
    np.testing.assert_array_equal(apply_window(voxels, window_from_percentiles(voxels)), np.zeros((2, 3, 4)))


def test_large_integers_keep_their_differences():
    voxels = np.array([2**30, 2**30 + 1, 2**30 + 2], np.int32)
    np.testing.assert_array_equal(
        apply_window(voxels, Window(2**30, 2**30 + 2)), np.array([0, 0.5, 1], np.float32)
    )


def test_window_from_level_lies_around_the_level():
    assert window_from_level(400, 40) == Window(-160.0, 240.0)
    for width in (0, -1, np.nan):
        with pytest.raises(ConfigError, match="width"):
            window_from_level(width, 40)


@pytest.mark.parametrize(("low", "high"), [(2, 1), (np.nan, 1), (0, np.inf)])
def test_impossible_window_is_refused(low, high):
    with pytest.raises(ConfigError, match="window"):
        Window(low, high)


@pytest.mark.parametrize(("low", "high"), [(-1, 50), (60, 50), (0, 101)])
def test_impossible_percentiles_are_refused(low, high):
    with pytest.raises(ConfigError, match="percentiles"):
        window_from_percentiles(np.arange(3), low, high)


def test_default_window_of_rgb_is_the_whole_range_of_bytes():
    grid = Geometry((2, 3, 1), np.eye(4))
    assert default_window(Volume(np.full((2, 3, 1, 3), 9, np.uint8), grid)) == Window(0.0, 255.0)
    assert default_window(Volume(np.full((2, 3, 1), 9, np.uint8), grid)) == Window(9.0, 9.0)


@given(arrays(np.float32, (3, 4), elements=st.floats(width=32)), st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_result_is_always_finite_and_in_the_unit_range(voxels, low, width):
    before = voxels.copy()
    scaled = apply_window(voxels, Window(low, low + width))
    assert scaled.dtype == np.float32
    assert ((scaled >= 0) & (scaled <= 1)).all()
    np.testing.assert_array_equal(voxels, before)
