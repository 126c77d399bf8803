import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isegformer.errors import GeometryError
from isegformer.slicing import PixelPosition, Plane, pixel_to_voxel, slice_shape, slice_view, voxel_to_pixel

ARRAY = np.arange(2 * 3 * 4).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("axis", "expected"),
    [(0, [[12, 13, 14, 15], [16, 17, 18, 19], [20, 21, 22, 23]]), (1, [[4, 5, 6, 7], [16, 17, 18, 19]]),
     (2, [[1, 5, 9], [13, 17, 21]])],
)  # fmt: skip
def test_slice_1_keeps_the_other_axes_in_ascending_order(axis, expected):
    np.testing.assert_array_equal(slice_view(ARRAY, Plane(axis=axis, index=1)), expected)
    assert slice_shape((2, 3, 4), axis) == np.shape(expected)


def test_slice_of_rgb_keeps_the_channels():
    assert slice_view(np.zeros((2, 3, 4, 3)), Plane(axis=1, index=0)).shape == (2, 4, 3)


def test_writing_to_a_slice_writes_to_the_volume():
    array = ARRAY.copy()
    slice_view(array, Plane(axis=2, index=3))[1, 2] = -1
    assert array[1, 2, 3] == -1


@given(voxel=st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 3)), axis=st.integers(0, 2))
def test_voxel_to_pixel_finds_the_voxel_on_its_slice_and_the_way_back(voxel, axis):
    position = voxel_to_pixel(voxel, axis)
    assert (
        slice_view(ARRAY, Plane(axis=axis, index=position.index))[position.row, position.col] == ARRAY[voxel]
    )
    assert pixel_to_voxel(position, axis) == voxel


@pytest.mark.parametrize("axis", [-1, 3])
def test_axis_outside_0_to_2_is_refused(axis):
    for call in (
        lambda: Plane(axis=axis, index=0),
        lambda: slice_shape((2, 3, 4), axis),
        lambda: voxel_to_pixel((0, 0, 0), axis),
        lambda: pixel_to_voxel(PixelPosition(index=0, row=0, col=0), axis),
    ):
        with pytest.raises(GeometryError, match="axis"):
            call()


def test_slice_outside_the_volume_is_refused():
    with pytest.raises(GeometryError, match="expected 0 to 2"):
        slice_view(ARRAY, Plane(axis=1, index=3))
    with pytest.raises(GeometryError, match="at least 0"):
        Plane(axis=1, index=-1)
