"""A server as a process: bound, announced, and ended in good order by a signal."""

import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from isegformer.errors import ConfigError
from isegformer.server.connections import GuardedProtocol, allow_more_files
from isegformer.server.settings import ServerSettings

LARGEST_MESSAGE_BYTES = 64 * 1024
"""What clients may send over the event socket, which nobody reads."""


PATIENCE_S = 30
"""How long the end waits for clients that are slow to send or to read; commands are finished in any case."""


class AnnouncingServer(uvicorn.Server):
    """Says when it can be reached."""

    def __init__(self, config: uvicorn.Config, *, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as every server does, then say so."""
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready()


def bound_socket(settings: ServerSettings) -> socket.socket:
    """Return a socket on the address of the settings; port 0 takes any that is free.

    Raises
    ------
    ConfigError : the address is not this machine's, or taken
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((settings.host, settings.port))
    except OSError as error:
        bound.close()
        raise ConfigError(
            f"the server cannot listen on {settings.host} port {settings.port}: {error}; "
            "choose another --port"
        ) from error
    return bound


def run(app: ASGIApp, bound: socket.socket, *, on_ready: Callable[[], None]) -> None:
    """Serve until a signal comes; requests under way are answered first.

    Raises
    ------
    ConfigError : it could not start; the log says why
    """
    config = uvicorn.Config(
        app,
        http=GuardedProtocol,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws_max_size=LARGEST_MESSAGE_BYTES,
        timeout_graceful_shutdown=PATIENCE_S,
    )
    allow_more_files()
    server = AnnouncingServer(config, on_ready=on_ready)
    with bound:
        server.run(sockets=[bound])
    if not server.started:
        raise ConfigError("the server could not start; see the messages above")


def url_of(bound: socket.socket) -> str:
    """Return the address at which this machine's browser reaches a socket."""
    host, port = bound.getsockname()[:2]
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{name}:{port}"
