"""Networks for a session, from the names that the command line takes."""

from collections.abc import Mapping, Sequence
from functools import partial

import torch

from isegformer.clicks import Click
from isegformer.errors import ConfigError
from isegformer.interaction import Prediction, PredictorConfig, SlicePredictor
from isegformer.interaction.settings import predictor_config_from_json
from isegformer.models import ClickSegmenter, Stcn, inspect, load
from isegformer.propagation import PROPAGATION_METHODS, PropagationMethod, propagate_volume
from isegformer.session import Propagation, SlicePrediction
from isegformer.types import FloatArray

DEVICE_TYPES = ("cpu", "cuda", "mps")


def choose_device(name: str) -> str:
    """Return the device to compute on; "auto" is the first of cuda, mps, cpu that is there.

    Raises
    ------
    ConfigError : no such device here
    """
    if name == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ConfigError(f"device is {name!r}, expected auto, cpu, cuda, cuda:1, ... or mps") from error
    if device.type not in DEVICE_TYPES:
        raise ConfigError(f"device is {name!r}, expected auto, cpu, cuda, cuda:1, ... or mps")
    n_devices = {
        "cpu": 1,
        "cuda": torch.cuda.device_count(),
        "mps": int(torch.backends.mps.is_available()),
    }[device.type]
    if (device.index or 0) >= n_devices:
        raise ConfigError(f"device {name!r} is not here, expected one of: {', '.join(_devices_here())}")
    return name


def load_predictor(name_or_path: str, *, device: str, is_mirrored: bool = False) -> SlicePredictor:
    """Return a predictor with a click network and the settings that travel with its weights.

    Parameters
    ----------
    is_mirrored : average with the mirrored slice, whatever the weights say

    Raises
    ------
    ConfigError : the weights belong to another kind of network, or their settings are unknown
    WeightsNotFoundError, CheckpointError : as for `models.load`
    """
    network = load(name_or_path, device=device)
    if not isinstance(network, ClickSegmenter):
        raise _wrong_kind(name_or_path, network, expected="a click network")
    config = predictor_config_from_json(inspect(name_or_path).predictor)
    return SlicePredictor(network, PredictorConfig(zoom=config.zoom, mirror=config.mirror or is_mirrored))


def load_stcn(name_or_path: str, *, device: str) -> Stcn:
    """Return a propagation network; errors as for `load_predictor`."""
    network = load(name_or_path, device=device)
    if not isinstance(network, Stcn):
        raise _wrong_kind(name_or_path, network, expected="a propagation network")
    return network


def load_method(method: str, *, weights: str, device: str) -> PropagationMethod:
    """Return a propagation method by name; `weights` are read only where the method has a network."""
    return PROPAGATION_METHODS[method](partial(load_stcn, weights, device=device))


def as_propagation(method: PropagationMethod) -> Propagation:
    """Return a method in the form that a session takes."""
    return partial(propagate_volume, method=method)


class SessionSegmenter:
    """A predictor in the form that a session takes: what it kept of a prediction becomes one again."""

    def __init__(self, predictor: SlicePredictor) -> None:
        self._predictor = predictor

    def set_slice(self, image: FloatArray) -> None:
        """Take the slice that the next predictions are about."""
        self._predictor.set_slice(image)

    def predict(self, clicks: Sequence[Click], previous: SlicePrediction | None) -> Prediction:
        """Predict from all clicks and what was predicted before the last of them."""
        before = None if previous is None else Prediction(probability=previous.probability, roi=previous.roi)
        return self._predictor.predict(clicks, before)


def _devices_here() -> list[str]:
    here = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    return [*here, "mps"] if torch.backends.mps.is_available() else here


def _wrong_kind(name: str, network: torch.nn.Module, *, expected: str) -> ConfigError:
    kinds: Mapping[str, str] = {
        "ClickSegmenter": "a click network",
        "Stcn": "a propagation network",
        "FusionNetwork": "a fusion network",
    }
    got = kinds.get(type(network).__name__, type(network).__name__)
    return ConfigError(f"weights {name!r} hold {got}, expected {expected}; see `isegformer weights list`")
