"""What is measured on volumes: a propagation method with its weights, or a peer that has none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from isegformer.evaluation.shape_peers import SHAPE_PEERS, check_shape_peer
from isegformer.models import weights_sha256
from isegformer.propagation import PropagationMethod, check_method, load_method
from isegformer.runtimes import EAGER, check_runtime

WITHOUT_NETWORK = ("interpolate",)
"""Methods that have no weights."""


class VolumeMethod(Protocol):
    """A value that says what to measure, and can be sent to another process."""

    @property
    def name(self) -> str:
        """What results call it."""
        ...

    def load(self) -> PropagationMethod:
        """Return the method, ready to be used."""
        ...

    def describe(self) -> dict[str, str]:
        """Return what the configuration of an evaluation keeps of it."""
        ...


@dataclass(frozen=True, kw_only=True)
class NetworkMethod:
    """A propagation method with a network."""

    name: str
    method: str
    """One of `propagation.PROPAGATION_METHODS`."""
    weights: str
    """Name or file."""
    device: str
    runtime: str = EAGER
    """See `runtimes.RUNTIMES`."""

    def __post_init__(self) -> None:
        check_method(self.method)
        check_runtime(self.runtime)

    def load(self) -> PropagationMethod:
        """Return the method with its network; errors as for `propagation.load_method`."""
        return load_method(self.method, weights=self.weights, device=self.device, runtime=self.runtime)

    def describe(self) -> dict[str, str]:
        """Return method, weights and their hash; errors as for `models.weights_sha256`."""
        return {"method": self.method, "weights": self.weights, "sha256": weights_sha256(self.weights)}


@dataclass(frozen=True, kw_only=True)
class PlainMethod:
    """A propagation method without a network."""

    name: str
    """One of WITHOUT_NETWORK."""

    def load(self) -> PropagationMethod:
        """Return the method."""
        return load_method(self.name, weights="", device="cpu")

    def describe(self) -> dict[str, str]:
        """Return its name."""
        return {"method": self.name}


@dataclass(frozen=True, kw_only=True)
class ShapePeer:
    """A method of others that gets the same slices."""

    name: str
    """One of SHAPE_PEERS."""

    def __post_init__(self) -> None:
        check_shape_peer(self.name)

    def load(self) -> PropagationMethod:
        """Return the peer; DependencyError where it is not installed."""
        return SHAPE_PEERS[self.name]()

    def describe(self) -> dict[str, str]:
        """Return its name."""
        return {"peer": self.name}


def methods_with_weights(
    methods: Sequence[str], weights: Sequence[tuple[str, str]], *, device: str, runtime: str = EAGER
) -> tuple[VolumeMethod, ...]:
    """Return every method with all weights, each with a name of its own: the method's if it says enough.

    Parameters
    ----------
    methods : names, see `propagation.PROPAGATION_METHODS`
    weights : short name, and name or file

    Examples
    --------
    >>> [m.name for m in methods_with_weights(["stcn"], [("a", "a.safetensors"), ("b", "b")], device="cpu")]
    ['stcn with a', 'stcn with b']
    """
    found: list[VolumeMethod] = []
    for method in methods:
        if method in WITHOUT_NETWORK:
            found.append(PlainMethod(name=method))
            continue
        for short, path in weights:
            name = method if len(weights) == 1 else f"{method} with {short}"
            found.append(
                NetworkMethod(name=name, method=method, weights=path, device=device, runtime=runtime)
            )
    return tuple(found)
