import numpy as np
import pytest

from isegformer.deployment.check_slices import TRACED_SIZE, head_phantom, resized, sized_slices
from isegformer.errors import ShapeMismatchError


def test_the_phantom_is_a_grey_slice():
    image = head_phantom()
    assert (image.shape, image.dtype) == ((400, 400), np.float32)
    assert (image.min(), image.max()) == (0, 1)


def test_a_slice_comes_in_its_own_size_first_and_never_in_the_traced_one():
    sizes = [tuple(x.shape) for x in sized_slices(np.zeros((45, 70), np.float32), multiple=16)]
    assert sizes == [(32, 64), (80, 112), (208, 144), (256, 256)]
    assert TRACED_SIZE not in sizes


def test_a_large_slice_comes_in_smaller_sizes_only():
    sizes = [tuple(x.shape) for x in sized_slices(np.zeros((513, 20), np.float32), multiple=1)]
    assert sizes == [(83, 117), (208, 145), (256, 256)]


def test_a_size_is_never_rounded_down_to_nothing():
    assert resized(np.ones((3, 5), np.float32), size=(3, 40), multiple=16).shape == (16, 32)


@pytest.mark.parametrize("shape", [(4, 5, 3), (0, 5)])
def test_what_is_no_grey_slice_is_refused(shape):
    with pytest.raises(ShapeMismatchError, match=r"expected \(H, W\), not empty"):
        list(sized_slices(np.zeros(shape, np.float32), multiple=1))
