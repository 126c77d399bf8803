"""What a user would get instead: methods without a network, by name, measured on the same clicks.

A network as a peer, such as our HRNet baseline, needs no entry here: its weights are named beside the others.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

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
"""Every peer by its name: what makes its predictor; DependencyError where it needs what is not installed."""
