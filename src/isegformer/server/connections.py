"""Connections: how many there may be, and how long they may say nothing.

A client that connects and sends no request needs no token for that, and each connection takes one of the
files that a process may have open. Without them nobody else is answered, and nothing is saved.
"""

import asyncio
import logging
from importlib.util import find_spec

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

logger = logging.getLogger(__name__)

MOST_CONNECTIONS = 400
"""At one time; a browser takes about seven."""

HEAD_PATIENCE_S = 30.0
"""How long a request may take to come, without its body."""

WANTED_FILES = 8192
"""Files that may be open at once, where the system allows it: an upload may have a thousand parts."""


class GuardedProtocol(H11Protocol):
    """HTTP that lets go of clients that do not ask, and of new ones where there are too many."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take a connection, for a while."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.close()
            return
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Take what came; the rest of a head may take as long as the first head of the connection."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait_for_head()

    def _wait_for_head(self) -> None:
        self.loop.call_later(HEAD_PATIENCE_S, self._let_go_if_silent, self.cycle)

    def _let_go_if_silent(self, last: RequestResponseCycle) -> None:
        """Close the connection if no request came after the last one; None stands for the first."""
        is_silent = self.cycle is last and self.conn.their_state is h11.IDLE
        if is_silent and self in self.connections:  # one that became a WebSocket is not among them
            self.transport.close()


def allow_more_files() -> None:
    """Let this process open as many files as it may need; some systems start it with 256 or 1024."""
    if find_spec("resource") is None:  # Windows has no such limit
        return
    import resource  # noqa: PLC0415  not there everywhere

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as error:
        logger.warning("this process may have only %s files open at once: %s", soft, error)
