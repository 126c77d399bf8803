import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isegformer.errors import GeometryError
from isegformer.slicing import Padding, pad, padding_to_multiple, unpad_view


def test_odd_pixels_go_below_and_to_the_right():
    assert padding_to_multiple((13, 32), 16) == Padding(top=1, bottom=2, left=0, right=0)
    assert padding_to_multiple((16, 17), 16) == Padding(top=0, bottom=0, left=7, right=8)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 20))
def test_padded_sides_are_the_next_multiples_and_unpad_is_the_way_back(height, width, multiple):
    array = np.arange(height * width * 2).reshape(height, width, 2) + 1
    padding = padding_to_multiple((height, width), multiple)
    padded = pad(array, padding)
    assert padded.shape[0] % multiple == padded.shape[1] % multiple == 0
    assert padded.shape[0] - height < multiple
    assert padded.sum() == array.sum()
    np.testing.assert_array_equal(unpad_view(padded, padding), array)


def test_impossible_padding_is_refused():
    with pytest.raises(GeometryError, match="multiple"):
        padding_to_multiple((3, 4), 0)
    with pytest.raises(GeometryError, match="negative"):
        Padding(top=-1, bottom=0, left=0, right=0)
    with pytest.raises(GeometryError, match="leaves nothing"):
        unpad_view(np.zeros((3, 4)), Padding(top=1, bottom=2, left=0, right=0))
