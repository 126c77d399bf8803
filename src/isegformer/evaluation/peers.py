"""What a user would get instead: methods without a network, by name, measured on the same clicks.

A network as a peer, such as our HRNet baseline, needs no entry here: its weights are named beside the others.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from isegformer.errors import ConfigError
from isegformer.evaluation.peer_geodesic import GeodesicCut
from isegformer.evaluation.peer_grabcut import GrabCut
from isegformer.evaluation.peer_random_walker import RandomWalker
from isegformer.evaluation.seeded_predictor import SeededPredictor

PEERS: Mapping[str, Callable[[], SeededPredictor]] = MappingProxyType(
    {
        "geodesic": lambda: SeededPredictor(GeodesicCut()),
        "grabcut": lambda: SeededPredictor(GrabCut()),
        "random-walker": lambda: SeededPredictor(RandomWalker()),
    }
)
"""Every peer by its name: what makes its predictor."""


def load_peer(name: str) -> SeededPredictor:
    """Return the predictor of a peer, ready for its first slice.

    Raises
    ------
    ConfigError : no peer has that name
    DependencyError : the peer needs a package that is not installed
    """
    if name not in PEERS:
        raise ConfigError(f"no peer is named {name!r}, expected one of: {', '.join(sorted(PEERS))}")
    return PEERS[name]()
