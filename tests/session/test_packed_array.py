import zlib

import numpy as np
import pytest

from isegformer.errors import SessionError
from isegformer.session import PackedArray


@pytest.mark.parametrize("shape", [(3, 5), (2, 3, 7), (0, 4), (1, 1)])
@pytest.mark.parametrize("dtype", [bool, np.uint16])
def test_an_array_comes_back_with_its_values_shape_and_dtype(shape, dtype):
    array = np.random.default_rng(1).integers(0, 2 if dtype is bool else 65536, shape).astype(dtype)
    result = PackedArray.pack(array).unpack()
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, array)


def test_a_view_that_is_not_contiguous_is_packed_by_its_values():
    array = np.arange(24, dtype=np.uint16).reshape(4, 6)[:, ::2]
    np.testing.assert_array_equal(PackedArray.pack(array).unpack(), array)


def test_equal_arrays_give_equal_values():
    assert PackedArray.pack(np.eye(3, dtype=bool)) == PackedArray.pack(np.eye(3, dtype=bool))


def test_other_dtypes_are_refused():
    with pytest.raises(SessionError, match=r"float64, expected bool or uint16"):
        PackedArray.pack(np.zeros(3))


@pytest.mark.parametrize(
    ("packed", "message"),
    [
        (PackedArray(shape=(2, 2), dtype="int8", data=b""), "int8"),
        (PackedArray(shape=(-1, 2), dtype="bool", data=b""), "-1"),
        (PackedArray(shape=(2, 2), dtype="uint16", data=b"nonsense"), "damaged"),
        (PackedArray(shape=(2, 2), dtype="uint16", data=zlib.compress(b"1234567")), "7 or more"),
        (PackedArray(shape=(2, 2), dtype="uint16", data=zlib.compress(bytes(10**6))), "9 or more"),
    ],
)
def test_data_that_do_not_fit_are_refused_without_inflating_them(packed, message):
    with pytest.raises(SessionError, match=message):
        packed.unpack()
