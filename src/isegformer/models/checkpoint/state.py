"""Putting named tensors into a network, all or nothing."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from isegformer.errors import CheckpointError


def network_state(network: nn.Module) -> dict[str, Tensor]:
    """Return the network's parameters and saved buffers, each once, under the first of its names.

    A module that stands in two places, such as a shared embedding, has two names for each parameter.
    """
    distinct: dict[int, tuple[str, Tensor]] = {}
    for name, value in network.state_dict(keep_vars=True).items():
        distinct.setdefault(id(value), (name, value))
    return dict(distinct.values())


def fill_network(network: nn.Module, tensors: Mapping[str, Tensor], *, source: str) -> None:
    """Copy `tensors` into the network; its types and device stay.

    Raises
    ------
    CheckpointError : names are missing or unexpected, or shapes differ; the message lists every one, and the
        network is unchanged
    """
    state = network_state(network)
    check_fit(state, tensors, source=source)
    with torch.no_grad():
        for name, value in state.items():
            value.copy_(tensors[name])


def check_fit(state: Mapping[str, Tensor], tensors: Mapping[str, Tensor], *, source: str) -> None:
    """Raise CheckpointError, listing all differences, unless names and shapes agree."""
    common = state.keys() & tensors.keys()
    problems = {
        "missing": [f"{name} {_shape(state[name])}" for name in state if name not in common],
        "unexpected": [f"{name} {_shape(tensors[name])}" for name in tensors if name not in common],
        "of another shape": [
            f"{name} {_shape(tensors[name])}, expected {_shape(state[name])}"
            for name in state
            if name in common and tensors[name].shape != state[name].shape
        ],
    }
    stated = [f"{len(names)} {kind}: {'; '.join(names)}" for kind, names in problems.items() if names]
    if stated:
        raise CheckpointError(
            f"{source} does not fit its network (is it a checkpoint of another one?)\n" + "\n".join(stated)
        )


def _shape(tensor: Tensor) -> str:
    return "x".join(str(length) for length in tensor.shape) or "scalar"
