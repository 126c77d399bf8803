"""Which networks can leave, and as what; a new kind is one module and one line here."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from isegformer.deployment.click_graph import deployable_click_network
from isegformer.deployment.graph import Deployable
from isegformer.deployment.propagation_graphs import deployable_propagation_network
from isegformer.errors import ConfigError
from isegformer.models import ClickSegmenter, Stcn

_KINDS: Mapping[type[nn.Module], Callable[[Any, Mapping[str, Any] | None], Deployable]] = {
    ClickSegmenter: deployable_click_network,
    Stcn: deployable_propagation_network,
}


def deployable(network: nn.Module, *, predictor: Mapping[str, Any] | None) -> Deployable:
    """Return a network as graphs.

    Parameters
    ----------
    network : in evaluation mode, on the CPU
    predictor : settings that travel with its weights, as in their file

    Raises
    ------
    ConfigError : a network of another kind, or settings that are unknown
    """
    make = _KINDS.get(type(network))
    if make is None:
        raise ConfigError(
            f"a {type(network).__name__} cannot be exported, expected a click or a propagation network"
        )
    return make(network, predictor)
