"""What `isegformer serve` does; apart from its command so that `--help` imports nothing heavy."""

import platform
import re
import secrets
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import torch
import typer
import yaml
from fastapi import FastAPI

from isegformer.cli.networks import choose_device
from isegformer.cli.train_run import MODULES
from isegformer.demo import brain_volume
from isegformer.errors import ConfigError
from isegformer.freed_memory import return_large_blocks
from isegformer.interaction import SlicePredictor, load_click_engine, load_predictor_config
from isegformer.models import weights_sha256
from isegformer.propagation import AdvisingPropagation, load_propagation_engine, method_with
from isegformer.runtimes import EAGER, PropagationEngine, WarmUp, check_runtime
from isegformer.server import Adapter, Networks, Sample, ServerSettings, create_app, default_state_root
from isegformer.server.run import bound_socket, run, url_of
from isegformer.server.settings import LOOPBACK
from isegformer.session import WeightsFingerprint
from isegformer.types import PathLike

ONLY_USER = "annotator"
"""Name of the user of a server that was started without users, for this machine alone."""

_UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


@dataclass(frozen=True, kw_only=True)
class NetworkChoice:
    """Which networks to load, and where to."""

    method: str
    weights: str
    propagation_weights: str
    device: str
    runtime: str


@dataclass(frozen=True, kw_only=True)
class ServeRequest:
    """What the command line asks for."""

    data_root: Path
    host: str
    port: int
    users: Path | None
    host_names: tuple[str, ...]
    origins: tuple[str, ...]
    memory_budget: str
    state: Path | None
    networks: NetworkChoice


def run_serve(request: ServeRequest) -> None:
    """Serve until a signal comes; ConfigError where that would not be safe, or cannot be."""
    if not request.data_root.is_dir():
        raise ConfigError(f"{request.data_root} is no folder, expected the folder with the scans")
    users = users_of(request.users, host=request.host)
    settings = ServerSettings(
        data_root=request.data_root,
        state_root=request.state or default_state_root(request.data_root),
        users=users,
        host=request.host,
        port=request.port,
        host_names=(*own_names(request.host), *request.host_names),
        origins=request.origins,
        visitor=ONLY_USER if request.users is None else None,
        memory_budget_bytes=bytes_of(request.memory_budget),
    )
    bound = bound_socket(settings)
    app = app_of(settings, request.networks)

    def announce() -> None:
        typer.echo(f"serving {request.data_root} at {url_of(bound)}; Ctrl-C ends")
        if request.users is None:
            typer.echo(f"open {url_of(bound)}/?token={users[ONLY_USER]}")

    run(app, bound, on_ready=announce)


def users_of(path: Path | None, *, host: str) -> Mapping[str, str]:
    """Return the users of a file, or one with a new token where only this machine can ask.

    Raises
    ------
    ConfigError : the host is open to others and there is no file, or it does not hold names and tokens
    """
    if path is None:
        if host.lower() not in LOOPBACK:
            raise ConfigError(
                f"host {host} can be reached by others, expected --users FILE with a name and a token for "
                "each person"
            )
        return {ONLY_USER: secrets.token_urlsafe(32)}
    try:
        known = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"the users in {path} cannot be read: {error}") from error
    is_mapping = isinstance(known, dict) and all(
        isinstance(name, str) and isinstance(token, str) for name, token in known.items()
    )
    if not is_mapping:
        raise ConfigError(f"{path} does not hold users, expected lines of the form NAME: TOKEN, both text")
    users: dict[str, str] = known
    return users


def own_names(host: str) -> tuple[str, ...]:
    """Return the names of this machine, for a server that listens on all its addresses."""
    if host not in ("0.0.0.0", "::"):  # noqa: S104  # compared, not bound
        return ()
    name = socket.gethostname()
    try:
        _, aliases, addresses = socket.gethostbyname_ex(name)
    except OSError:
        aliases, addresses = [], []
    return (name, socket.getfqdn(), *aliases, *addresses)


def bytes_of(text: str) -> int:
    """Return a size that a person wrote, in bytes.

    Raises
    ------
    ConfigError : no number with a known unit

    Examples
    --------
    >>> bytes_of("1.5GB")
    1500000000
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", text.strip())
    if match is None or match.group(2).upper() not in _UNITS:
        raise ConfigError(f"size is {text!r}, expected a number with KB, MB or GB, as in 4GB")
    return int(float(match.group(1)) * _UNITS[match.group(2).upper()])


def app_of(settings: ServerSettings, choice: NetworkChoice) -> FastAPI:
    """Return the application with networks, sample and the means to adapt; errors as for `load_networks`."""
    return_large_blocks()
    networks = load_networks(choice)
    return create_app(
        settings,
        networks=networks,
        sample=sample_here(),
        adapter=adapter_of(networks, runtime=choice.runtime),
    )


def adapter_of(networks: Networks, *, runtime: str) -> Adapter:
    """Return what adapts the click network of a server, and loads what comes of it."""

    def load(weights: Path) -> Networks:
        warm_up = WarmUp()
        new_segmenter = segmenters_of(weights, device=networks.device, runtime=runtime, warm_up=warm_up)
        warm_up.start()
        return replace(
            networks,
            new_segmenter=new_segmenter,
            fingerprint=replace(networks.fingerprint, click=weights_sha256(weights)),
            click_weights=f"{networks.click_weights}, adapted",
        )

    missing = [module for module in MODULES if find_spec(module) is None]
    return Adapter(
        command=lambda folder: (sys.executable, "-m", "isegformer.adaptation.worker", str(folder)),
        load=load,
        start_from=networks.click_weights,
        obstacle=(
            f"{', '.join(missing)} is not installed; run: pip install 'isegformer[train]', then start the "
            "server again"
            if missing
            else None
        ),
    )


def sample_here() -> Sample | None:
    """Return the brain template as a sample scan; None without the extra that brings it."""
    if find_spec("nilearn") is None:
        return None
    return Sample(stem="sample-brain", title="sample brain", read=brain_volume)


def load_networks(choice: NetworkChoice) -> Networks:
    """Return the networks for a server, which answer at once and get faster while they are in use.

    Errors as for `load_predictor` and `load_method`.
    """
    device = choose_device(choice.device)
    check_runtime(choice.runtime)
    warm_up = WarmUp()
    new_segmenter = segmenters_of(choice.weights, device=device, runtime=choice.runtime, warm_up=warm_up)

    def load_network() -> PropagationEngine:
        weights = choice.propagation_weights
        return warm_up.propagation(
            load_propagation_engine(weights, device=device, runtime=EAGER).engine,
            partial(load_propagation_engine, weights, device=device, runtime=choice.runtime),
        )

    method = method_with(choice.method, load_network)
    warm_up.start()
    return Networks(
        new_segmenter=new_segmenter,
        new_propagation=lambda: AdvisingPropagation(method),
        method=choice.method,
        fingerprint=WeightsFingerprint(
            click=weights_sha256(choice.weights), propagation=weights_sha256(choice.propagation_weights)
        ),
        click_weights=choice.weights,
        propagation_weights=choice.propagation_weights,
        device=device,
        runtime=f"{device}, {torch.get_num_threads()} threads, torch {torch.__version__}, "
        f"python {platform.python_version()}, runtime {choice.runtime}",
    )


def segmenters_of(
    weights: PathLike, *, device: str, runtime: str, warm_up: WarmUp
) -> Callable[[], SlicePredictor]:
    """Return what makes segmenters, which share one network; errors as for `load_predictor`."""
    network = warm_up.clicks(
        load_click_engine(weights, device=device, runtime=EAGER).engine,
        partial(load_click_engine, weights, device=device, runtime=runtime),
    )
    config = load_predictor_config(weights)
    return lambda: SlicePredictor(network, config)
