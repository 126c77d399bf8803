"""`isegformer segment`: clicks in a file to a mask."""

from pathlib import Path
from typing import Annotated

import typer

from isegformer.cli import options


def segment(
    volume: options.VolumePath,
    *,
    clicks: Annotated[
        Path,
        typer.Option(
            "--clicks", metavar="JSON", help="Clicks file, see docs/clicks-file.md.", show_default=False
        ),
    ],
    output: options.Output,
    axis: options.Axis = None,
    propagate: Annotated[
        bool, typer.Option("--propagate", help="Carry the clicked slices to the whole volume.")
    ] = False,
    method: options.PropagationMethod = options.DEFAULT_METHOD,
    mirror: Annotated[
        bool, typer.Option("--mirror", help="Average with the mirrored slice: twice the time.")
    ] = False,
    spacing: options.Spacing = None,
    weights: options.ClickWeights = options.DEFAULT_CLICK_WEIGHTS,
    propagation_weights: options.SecondPropagationWeights = options.DEFAULT_PROPAGATION_WEIGHTS,
    device: options.Device = "auto",
    runtime: options.Runtime = "auto",
    json: options.Json = False,
) -> None:
    """Segment the slices that were clicked on, and with --propagate the whole volume.

    Clicks are grouped by slice. Without --axis, slices are taken across the axis that gathers the clicks on
    the fewest slices; of equal axes, the one with the coarsest spacing, then the highest.
    """
    from isegformer.cli.reporter import Reporter
    from isegformer.cli.segment_run import SegmentRequest, run_segment

    request = SegmentRequest(
        volume=volume,
        clicks=clicks,
        output=output,
        axis=axis,
        method=method.value if propagate else None,
        is_mirrored=mirror,
        spacing_mm=spacing,
        weights=weights,
        propagation_weights=propagation_weights,
        device=device,
        runtime=runtime,
    )
    run_segment(request, reporter=Reporter(is_json=json))
