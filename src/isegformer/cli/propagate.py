"""`isegformer propagate`: a partial mask to the whole volume."""

from pathlib import Path
from typing import Annotated

import typer

from isegformer.cli import options


def propagate(
    volume: options.VolumePath,
    *,
    annotations: Annotated[
        Path,
        typer.Option(
            "--annotations", metavar="MASK", help="Partial mask on the volume's grid.", show_default=False
        ),
    ],
    output: options.Output,
    axis: options.Axis = None,
    method: options.PropagationMethod = options.DEFAULT_METHOD,
    spacing: options.Spacing = None,
    weights: options.PropagationWeights = options.DEFAULT_PROPAGATION_WEIGHTS,
    device: options.Device = "auto",
    runtime: options.Runtime = "auto",
    suggest: Annotated[
        int,
        typer.Option(
            "--suggest",
            metavar="N",
            min=0,
            help="Predict the Dice of each object and suggest up to N slices to annotate next, best first.",
        ),
    ] = 0,
    extent: Annotated[
        list[str] | None,
        typer.Option(
            "--extent",
            metavar="LABEL=FIRST:LAST",
            help="For --suggest: the first and last slice of an object, as far as you have looked; again for "
            "several. It helps more than anything else.",
            show_default=False,
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Carry the labels of annotated slices to the whole volume.

    Slices of the partial mask that hold any label are the annotated ones, for all objects; every label value
    is an object.
    Without --axis, slices are taken across the axis along which the drawings end: the one with the smallest
    share of labelled voxels that have a next voxel of the same label; of equal axes, the one along which the
    fewest slices hold labels, then the one with the coarsest spacing, then the highest.

    With --suggest, the predicted Dice says whether another slice is worth the work (docs/next-slice.md).
    """
    from isegformer.cli.assignments import parse_extents
    from isegformer.cli.propagate_run import PropagateRequest, run_propagate
    from isegformer.cli.reporter import Reporter

    request = PropagateRequest(
        volume=volume,
        annotations=annotations,
        output=output,
        axis=axis,
        method=method.value,
        spacing_mm=spacing,
        weights=weights,
        device=device,
        runtime=runtime,
        suggest=suggest,
        extents=parse_extents(extent or ()),
    )
    run_propagate(request, reporter=Reporter(is_json=json))
