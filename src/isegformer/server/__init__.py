"""The annotation server: HTTP and WebSocket around sessions. It owns no state of its own."""

from isegformer.server.adaptation_process import Adapter
from isegformer.server.app import create_app
from isegformer.server.networks import AdvisingPropagation, Networks
from isegformer.server.sample_scan import Sample
from isegformer.server.settings import Limits, ServerSettings, default_state_root

__all__ = [
    "Adapter",
    "AdvisingPropagation",
    "Limits",
    "Networks",
    "Sample",
    "ServerSettings",
    "create_app",
    "default_state_root",
]
