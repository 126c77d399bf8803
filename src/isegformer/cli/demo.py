"""`isegformer demo`: from clicks to a 3-D mask, measured."""

from pathlib import Path
from typing import Annotated

import typer

from isegformer.cli import options


def demo(
    *,
    volume: Annotated[
        Path | None,
        typer.Option(
            "--volume", metavar="VOLUME", help="Your own volume; needs --clicks.", show_default=False
        ),
    ] = None,
    clicks: Annotated[
        Path | None,
        typer.Option(
            "--clicks", metavar="JSON", help="Your clicks, see docs/clicks-file.md.", show_default=False
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="Folder for mask and picture.")
    ] = Path("demo_output"),
    axis: options.Axis = None,
    method: options.PropagationMethod = options.DEFAULT_METHOD,
    spacing: options.Spacing = None,
    weights: options.ClickWeights = options.DEFAULT_CLICK_WEIGHTS,
    propagation_weights: options.SecondPropagationWeights = options.DEFAULT_PROPAGATION_WEIGHTS,
    device: options.Device = "auto",
    runtime: options.Runtime = "auto",
    json: options.Json = False,
) -> None:
    """Segment a brain template with a simulated user, or your own volume with your clicks.

    Writes the mask and a picture of slices with its outline; every number that is printed was measured in
    this run. Needs the extra `demo`.
    """
    from isegformer.cli.demo_run import DemoRequest, run_demo
    from isegformer.cli.reporter import Reporter

    if clicks is not None and volume is None:
        raise typer.BadParameter("--clicks are for your own volume; give it with --volume")
    request = DemoRequest(
        volume=volume,
        clicks=clicks,
        output=output,
        axis=axis,
        method=method.value,
        spacing_mm=spacing,
        weights=weights,
        propagation_weights=propagation_weights,
        device=device,
        runtime=runtime,
    )
    run_demo(request, reporter=Reporter(is_json=json))
