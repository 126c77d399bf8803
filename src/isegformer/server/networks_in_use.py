"""The networks that a server works with now: those that it was started with, or adapted ones."""

import threading

from isegformer.server.leases import LeaseStore, is_session
from isegformer.server.networks import Networks


class NetworksInUse:
    """Networks that can be exchanged while the server runs; sessions go on with the new ones."""

    def __init__(self, started_with: Networks, leases: LeaseStore) -> None:
        self.started_with = started_with
        self._current = started_with
        self._leases = leases
        self._lock = threading.Lock()

    @property
    def current(self) -> Networks:
        """The networks that sessions are opened with."""
        return self._current

    def exchange(self, networks: Networks) -> None:
        """Work with other networks: sessions that nobody uses at this moment close, the others do so soon."""
        with self._lock:
            self._current = networks
            self._leases.retire(is_session)
