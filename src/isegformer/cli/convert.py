"""`isegformer convert`: a mask as DICOM-SEG, surfaces, a table of sizes, or another mask format."""

from pathlib import Path
from typing import Annotated

import typer

from isegformer.cli import options


def convert(
    mask: Annotated[Path, typer.Argument(metavar="MASK", help="Label map to convert.", show_default=False)],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The ending decides: .nii.gz, .nrrd, .mha, .dcm, .stl, .ply or .csv. With --each, a folder "
            "and an ending, such as surfaces/.stl.",
            show_default=False,
        ),
    ],
    images: Annotated[
        Path | None,
        typer.Option(
            "--images",
            metavar="SERIES",
            help="Folder of the DICOM series that the mask was drawn on; .dcm needs it.",
            show_default=False,
        ),
    ] = None,
    label: Annotated[
        int | None,
        typer.Option(
            "--object", metavar="LABEL", help="Only the object with this label.", show_default=False
        ),
    ] = None,
    each: Annotated[bool, typer.Option("--each", help="Write a file for each object.")] = False,
    json: options.Json = False,
) -> None:
    """Convert a mask: to a DICOM-SEG, to surfaces, to a table of volumes and areas, or to another format.

    Surfaces are smoothed triangle meshes in mm (LPS, as 3D Slicer expects); each file holds one object.
    """
    from isegformer.cli.convert_run import ConvertRequest, run_convert
    from isegformer.cli.reporter import Reporter

    request = ConvertRequest(mask=mask, output=output, images=images, label=label, is_each=each)
    run_convert(request, reporter=Reporter(is_json=json))
