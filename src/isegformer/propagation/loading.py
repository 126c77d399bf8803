"""From weights to a propagation method: by names and files, as commands and evaluations take them."""

from functools import partial

from isegformer.errors import ConfigError
from isegformer.models import Stcn, inspect, load
from isegformer.propagation.methods import PROPAGATION_METHODS, PropagationMethod


def load_stcn(name_or_path: str, *, device: str) -> Stcn:
    """Return a propagation network; errors as for `interaction.load_predictor`."""
    network = load(name_or_path, device=device)
    if not isinstance(network, Stcn):
        raise ConfigError(
            f"weights {name_or_path!r} hold a {inspect(name_or_path).kind} network, expected a propagation "
            "network; see `isegformer weights list`"
        )
    return network


def load_method(method: str, *, weights: str, device: str) -> PropagationMethod:
    """Return a propagation method by name; `weights` are read only where the method has a network.

    Raises
    ------
    ConfigError : no such method, or weights of another kind of network; others as for `load_stcn`
    """
    check_method(method)
    return PROPAGATION_METHODS[method](partial(load_stcn, weights, device=device))


def check_method(name: str) -> None:
    """Raise ConfigError, which lists the known ones, unless there is a method of this name."""
    if name not in PROPAGATION_METHODS:
        raise ConfigError(
            f"propagation method is {name!r}, expected one of: {', '.join(PROPAGATION_METHODS)}"
        )
