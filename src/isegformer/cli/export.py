"""`isegformer export`: a network as ONNX, OpenVINO or TorchScript, for other programs to run."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from isegformer.cli import options


class ExportFormat(StrEnum):
    """Forms of file, as `isegformer.deployment.FILE_FORMATS` has them."""

    ONNX = "onnx"
    OPENVINO = "openvino"
    TORCHSCRIPT = "torchscript"


def export(
    weights: Annotated[
        str,
        typer.Argument(
            metavar="WEIGHTS",
            help="Named weights, or a weights file: a click network or a propagation network.",
            show_default=False,
        ),
    ],
    output: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to make.", show_default=False)],
    *,
    form: Annotated[
        ExportFormat,
        typer.Option("--format", help="Form of the files.", show_default=False),
    ],
    check: Annotated[
        Path | None,
        typer.Option(
            "--check",
            metavar="IMAGE",
            help="Compare with PyTorch on the middle slice of this image or volume; otherwise on a phantom.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier export.")] = False,
    json: options.Json = False,
) -> None:
    """Export a network for other programs: graphs for slices of any size, and how to use them, in a folder.

    Each graph is compared with PyTorch on a slice in several sizes; where one answers otherwise, nothing is
    written.
    """
    from isegformer.cli.export_run import ExportRequest, run_export
    from isegformer.cli.reporter import Reporter

    request = ExportRequest(
        weights=weights, output=output, format_name=form.value, check=check, is_overwriting=overwrite
    )
    run_export(request, reporter=Reporter(is_json=json))
