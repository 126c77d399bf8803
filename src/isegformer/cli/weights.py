"""`isegformer weights`: list, fetch and inspect the weights of networks."""

from typing import Annotated

import typer

from isegformer.cli import options

app = typer.Typer(help="List, fetch and inspect the weights of networks.", no_args_is_help=True)

Name = Annotated[
    str | None,
    typer.Argument(metavar="[NAME_OR_PATH]", help="Named weights, or a weights file.", show_default=False),
]
SameName = Annotated[
    str | None,
    typer.Option("--weights", metavar="NAME_OR_PATH", help="The same as the argument.", show_default=False),
]
TrialDevice = Annotated[
    str | None,
    typer.Option(
        "--device", metavar="DEVICE", help="Load the network there, to see that it fits.", show_default=False
    ),
]


@app.command("list")
def list_(
    *,
    weights: Annotated[
        str | None,
        typer.Option("--weights", metavar="NAME", help="Only this one.", show_default=False),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            "--device", metavar="DEVICE", help="Check that this device is here.", show_default=False
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """List the named weights: those that come with the package, those that can be fetched, and your own."""
    from isegformer.cli.networks import choose_device
    from isegformer.cli.reporter import Reporter
    from isegformer.cli.weights_run import list_weights

    if device is not None:
        choose_device(device)
    list_weights(only=weights, reporter=Reporter(is_json=json))


@app.command("fetch")
def fetch(
    name: Name = None, *, weights: SameName = None, device: TrialDevice = None, json: options.Json = False
) -> None:
    """Download named weights into the cache folder, check them and tell where they lie."""
    from isegformer.cli.reporter import Reporter
    from isegformer.cli.weights_run import fetch_weights

    fetch_weights(_one_name(name, weights), device=device, reporter=Reporter(is_json=json))


@app.command("inspect")
def inspect(
    name: Name = None, *, weights: SameName = None, device: TrialDevice = None, json: options.Json = False
) -> None:
    """Tell form, architecture, size, hash and prediction settings of weights."""
    from isegformer.cli.reporter import Reporter
    from isegformer.cli.weights_run import inspect_weights

    inspect_weights(_one_name(name, weights), device=device, reporter=Reporter(is_json=json))


def _one_name(argument: str | None, option: str | None) -> str:
    if argument is not None and option is not None and argument != option:
        raise typer.BadParameter(f"{argument} and --weights {option} are different; give one of them")
    name = argument if argument is not None else option
    if name is None:
        raise typer.BadParameter("no weights given; give a name (see `isegformer weights list`) or a file")
    return name
