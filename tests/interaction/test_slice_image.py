import numpy as np
import pytest

from isegformer.errors import ConfigError, ShapeMismatchError
from isegformer.interaction.slice_image import colours_of


def test_a_grey_slice_has_three_equal_channels():
    colours = colours_of(np.array([[0.0, 0.5, 1.0]], np.float32))
    assert colours.tolist() == [[[0, 0, 0], [0.5, 0.5, 0.5], [1, 1, 1]]]
    assert colours.dtype == np.float32


def test_colours_stay_as_they_are():
    image = np.arange(12, dtype=np.float32).reshape(2, 2, 3) / 12
    assert (colours_of(image) == image).all()


def test_values_that_are_not_finite_count_as_zero():
    image = np.array([[np.nan, np.inf, -np.inf, 0.25]], np.float32)
    assert colours_of(image)[0, :, 0].tolist() == [0, 0, 0, 0.25]


@pytest.mark.parametrize("shape", [(4,), (2, 3, 4), (0, 5), (2, 3, 3, 1)])
def test_other_forms_are_refused(shape):
    with pytest.raises(ShapeMismatchError, match="expected"):
        colours_of(np.zeros(shape, np.float32))


@pytest.mark.parametrize("value", [-0.1, 1.5])
def test_values_outside_the_window_are_refused(value):
    with pytest.raises(ConfigError, match="apply a window"):
        colours_of(np.full((2, 3), value, np.float32))
