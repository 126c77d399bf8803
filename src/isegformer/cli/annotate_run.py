"""What `isegformer annotate` does; apart from its command so that `--help` imports nothing heavy."""

import getpass
import secrets
import webbrowser
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import typer

from isegformer.cli.serve_run import NetworkChoice, app_of, bytes_of
from isegformer.errors import ConfigError
from isegformer.server import ServerSettings, default_state_root
from isegformer.server.data_root import DataRoot, folder_kind
from isegformer.server.run import bound_socket, run, url_of


@dataclass(frozen=True, kw_only=True)
class AnnotateRequest:
    """What the command line asks for."""

    path: Path
    port: int
    opens_browser: bool
    user: str | None
    memory_budget: str
    state: Path | None
    networks: NetworkChoice


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What the browser shows first."""

    data_root: Path
    scan: str | None
    """Id of the scan to open; None shows the list."""


def run_annotate(request: AnnotateRequest) -> None:
    """Serve one person until Ctrl-C."""
    opening = opening_of(request.path)
    token, user = secrets.token_urlsafe(32), request.user or getpass.getuser()
    settings = ServerSettings(
        data_root=opening.data_root,
        state_root=request.state or default_state_root(opening.data_root),
        users={user: token},
        port=request.port,
        memory_budget_bytes=bytes_of(request.memory_budget),
    )
    bound = bound_socket(settings)
    app = app_of(settings, request.networks)
    query = {"token": token} if opening.scan is None else {"token": token, "scan": opening.scan}

    def announce() -> None:
        address = f"{url_of(bound)}/?{urlencode(query)}"
        typer.echo(f"open {address}\nCtrl-C ends; nothing is lost")
        if request.opens_browser:
            webbrowser.open(address)

    run(app, bound, on_ready=announce)


def opening_of(path: Path) -> Opening:
    """Return the data root for a scan, a DICOM folder or a folder of scans, and the scan to open.

    Raises
    ------
    ConfigError : there is nothing at the path
    NotFoundError : a file that is no scan
    """
    if not path.exists():
        raise ConfigError(f"{path} does not exist, expected a scan or a folder of scans")
    whole = path.resolve()
    is_scan = whole.is_file() or folder_kind(whole) is not None
    if not is_scan:
        return Opening(data_root=whole, scan=None)
    return Opening(data_root=whole.parent, scan=DataRoot(whole.parent).scan_at(whole).id)
