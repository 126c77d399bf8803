"""Peers by name: other methods that turn the same clicks into a mask."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from isegformer.evaluation.clicks_needed import ClickPredictor

PEERS: Mapping[str, Callable[[], ClickPredictor]] = MappingProxyType({})
"""Every peer by name."""
