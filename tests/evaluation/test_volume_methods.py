import pytest

from isegformer.errors import ConfigError
from isegformer.evaluation.volume_methods import NetworkMethod, ShapePeer, methods_with_weights
from isegformer.models import weights_sha256
from isegformer.propagation import ShapeInterpolation, StcnPropagation


def names(methods, weights):
    return [method.name for method in methods_with_weights(methods, weights, device="cpu")]


def test_methods_are_called_by_their_name_and_by_their_weights_where_there_are_several():
    assert names(["combined", "stcn"], [("small", "a")]) == ["combined", "stcn"]
    assert names(["combined", "interpolate"], [("small", "a"), ("large", "b")]) == [
        "combined with small", "combined with large", "interpolate",
    ]  # fmt: skip


def test_a_network_is_loaded_and_described_with_its_hash():
    method = NetworkMethod(name="x", method="stcn", weights="stcn-small", device="cpu")
    assert isinstance(method.load(), StcnPropagation)
    assert method.describe() == {
        "method": "stcn", "weights": "stcn-small", "sha256": weights_sha256("stcn-small"),
    }  # fmt: skip


def test_interpolation_and_its_peer_are_the_same_method():
    (plain,) = methods_with_weights(["interpolate"], [("small", "no-such")], device="cpu")
    peer = ShapePeer(name="signed-distance")
    assert isinstance(plain.load(), ShapeInterpolation)
    assert isinstance(peer.load(), ShapeInterpolation)
    assert (plain.describe(), peer.describe()) == ({"method": "interpolate"}, {"peer": "signed-distance"})


def test_unknown_names_are_refused():
    with pytest.raises(ConfigError, match="expected one of: combined, stcn, interpolate"):
        methods_with_weights(["guess"], [("small", "a")], device="cpu")
    with pytest.raises(ConfigError, match="expected one of: signed-distance, morphological"):
        ShapePeer(name="guess")
