"""`isegformer train`: a network from labelled data."""

from pathlib import Path
from typing import Annotated

import typer

from isegformer.cli import options


def train(
    config: Annotated[
        Path | None,
        typer.Argument(
            metavar="[CONFIG]", help="YAML file, see configs/; not with --resume.", show_default=False
        ),
    ] = None,
    *,
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            metavar="ROOT",
            help="Folder of the paths in CONFIG, see docs/datasets.md.",
            show_default=False,
        ),
    ],
    run: Annotated[
        Path, typer.Option("--run", metavar="FOLDER", help="Folder of this run.", show_default=False)
    ],
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in the folder, from its newest checkpoint.")
    ] = False,
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            metavar="NAME_OR_PATH",
            help="Start from these instead of those of CONFIG.",
            show_default=False,
        ),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A value in place of that of CONFIG, such as seed=2 or view.side_px=128; may be repeated.",
            show_default=False,
        ),
    ] = None,
    device: options.Device = "auto",
    devices: Annotated[
        int,
        typer.Option("--devices", metavar="N", min=1, help="Processes per machine, with one device each."),
    ] = 1,
    num_nodes: Annotated[
        int,
        typer.Option("--num-nodes", metavar="M", min=1, help="Machines; start the command on each of them."),
    ] = 1,
    json: options.Json = False,
) -> None:
    """Train a click network or a propagation network; needs the extra `train`."""
    from isegformer.cli.assignments import parse_assignments
    from isegformer.cli.train_run import TrainRequest, run_train

    if resume == (config is not None):
        raise typer.BadParameter("give either CONFIG, for a new run, or --resume, for one that exists")
    if resume and (weights is not None or values):
        raise typer.BadParameter("--weights and --set start a new run; they do not go with --resume")
    request = TrainRequest(
        config=config,
        data=data,
        run=run,
        weights=weights,
        values=parse_assignments(values or []),
        device=device,
        devices=devices,
        num_nodes=num_nodes,
    )
    run_train(request, is_json=json)
