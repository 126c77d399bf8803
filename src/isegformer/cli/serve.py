"""`isegformer serve`: the annotation server for a team."""

from pathlib import Path
from typing import Annotated

import typer

from isegformer.cli import options


def serve(
    data_root: Annotated[
        Path, typer.Argument(metavar="DATA_ROOT", help="Folder with the scans.", show_default=False)
    ],
    *,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; other than this machine needs --users.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free port.")] = 8765,
    users: Annotated[
        Path | None,
        typer.Option("--users", metavar="FILE", help="YAML or JSON file: name -> token.", show_default=False),
    ] = None,
    host_names: Annotated[
        list[str] | None,
        typer.Option(
            "--host-name",
            metavar="NAME",
            help="Name under which browsers reach the server; may be given several times.",
            show_default=False,
        ),
    ] = None,
    origins: Annotated[
        list[str] | None,
        typer.Option(
            "--origin",
            metavar="URL",
            help="Site whose pages may use the server, such as an OHIF viewer's; several times for several.",
            show_default=False,
        ),
    ] = None,
    memory_budget: options.MemoryBudget = options.DEFAULT_MEMORY_BUDGET,
    state: options.StateFolder = None,
    method: options.PropagationMethod = options.DEFAULT_METHOD,
    weights: options.ClickWeights = options.DEFAULT_CLICK_WEIGHTS,
    propagation_weights: options.SecondPropagationWeights = options.DEFAULT_PROPAGATION_WEIGHTS,
    device: options.Device = "auto",
    runtime: options.Runtime = "auto",
) -> None:
    """Serve the annotation app on a folder of scans, see docs/server.md."""
    from isegformer.cli.serve_run import NetworkChoice, ServeRequest, run_serve

    request = ServeRequest(
        data_root=data_root,
        host=host,
        port=port,
        users=users,
        host_names=tuple(host_names or ()),
        origins=tuple(origins or ()),
        memory_budget=memory_budget,
        state=state,
        networks=NetworkChoice(
            method=method.value,
            weights=weights,
            propagation_weights=propagation_weights,
            device=device,
            runtime=runtime,
        ),
    )
    run_serve(request)
