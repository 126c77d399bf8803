"""Devices by name, and methods as a session takes them."""

from functools import partial

import torch

from isegformer.errors import ConfigError
from isegformer.propagation import PropagationMethod, propagate_volume
from isegformer.session import Propagation

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


def as_propagation(method: PropagationMethod) -> Propagation:
    """Return a method in the form that a session takes."""
    return partial(propagate_volume, method=method)


def _devices_here() -> list[str]:
    here = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    return [*here, "mps"] if torch.backends.mps.is_available() else here
