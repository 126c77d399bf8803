"""From weights to a propagation method: by names and files, as commands and evaluations take them."""

from collections.abc import Callable

from isegformer.errors import ConfigError
from isegformer.models import Stcn, inspect, load
from isegformer.propagation.methods import PROPAGATION_METHODS, PropagationMethod
from isegformer.runtimes import EAGER, Prepared, PropagationEngine, prepare_propagation


def load_stcn(name_or_path: str, *, device: str) -> Stcn:
    """Return a propagation network; errors as for `interaction.load_predictor`."""
    network = load(name_or_path, device=device)
    if not isinstance(network, Stcn):
        raise ConfigError(
            f"weights {name_or_path!r} hold a {inspect(name_or_path).kind} network, expected a propagation "
            "network; see `isegformer weights list`"
        )
    return network


def load_propagation_engine(weights: str, *, device: str, runtime: str) -> Prepared[PropagationEngine]:
    """Return a propagation network and what computes it.

    Raises
    ------
    ConfigError : the runtime does not work here; others as for `load_stcn`
    """
    return prepare_propagation(load_stcn(weights, device=device), runtime=runtime)


def load_method(method: str, *, weights: str, device: str, runtime: str = EAGER) -> PropagationMethod:
    """Return a propagation method by name; `weights` are read only where the method has a network.

    Raises
    ------
    ConfigError : no such method; others as for `load_propagation_engine`
    """
    return method_with(
        method, lambda: load_propagation_engine(weights, device=device, runtime=runtime).engine
    )


def method_with(method: str, load_network: Callable[[], PropagationEngine]) -> PropagationMethod:
    """Return a propagation method by name; the network is loaded only where the method has one.

    Raises
    ------
    ConfigError : no such method
    """
    check_method(method)
    return PROPAGATION_METHODS[method](load_network)


def check_method(name: str) -> None:
    """Raise ConfigError, which lists the known ones, unless there is a method of this name."""
    if name not in PROPAGATION_METHODS:
        raise ConfigError(
            f"propagation method is {name!r}, expected one of: {', '.join(PROPAGATION_METHODS)}"
        )
