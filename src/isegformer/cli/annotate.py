"""`isegformer annotate`: the annotation app for one person on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from isegformer.cli import options


def annotate(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="[PATH]", help="A scan, a DICOM folder, or a folder of scans; by default this folder."
        ),
    ] = Path(),
    *,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free port.")] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address, but open no browser.")
    ] = False,
    user: Annotated[
        str | None,
        typer.Option("--user", metavar="NAME", help="Your name in the history; by default your login."),
    ] = None,
    memory_budget: options.MemoryBudget = options.DEFAULT_MEMORY_BUDGET,
    state: options.StateFolder = None,
    method: options.PropagationMethod = options.DEFAULT_METHOD,
    weights: options.ClickWeights = options.DEFAULT_CLICK_WEIGHTS,
    propagation_weights: options.SecondPropagationWeights = options.DEFAULT_PROPAGATION_WEIGHTS,
    device: options.Device = "auto",
    runtime: options.Runtime = "auto",
) -> None:
    """Open scans in the browser: click, propagate, correct, save. Ctrl-C ends it; nothing is lost."""
    from isegformer.cli.annotate_run import AnnotateRequest, run_annotate
    from isegformer.cli.serve_run import NetworkChoice

    request = AnnotateRequest(
        path=path,
        port=port,
        opens_browser=not no_browser,
        user=user,
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
    run_annotate(request)
