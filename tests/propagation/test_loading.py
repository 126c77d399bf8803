"""Propagation methods by name, with or without weights."""

import pytest

from isegformer.errors import ConfigError, WeightsNotFoundError
from isegformer.propagation import ShapeInterpolation, load_method


def test_interpolation_needs_no_weights():
    method = load_method("interpolate", weights="no-such-weights", device="cpu")
    assert isinstance(method, ShapeInterpolation)


def test_a_network_needs_its_weights():
    with pytest.raises(WeightsNotFoundError):
        load_method("stcn", weights="no-such-weights", device="cpu")


def test_weights_of_a_click_network_are_refused():
    with pytest.raises(ConfigError, match="expected a propagation network"):
        load_method("stcn", weights="compact", device="cpu")


def test_an_unknown_method_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="'guess', expected one of: combined, stcn, interpolate"):
        load_method("guess", weights="stcn-small", device="cpu")
