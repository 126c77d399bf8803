"""What `isegformer export` does; apart from its command so that `--help` imports nothing heavy."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from isegformer.cli.reporter import Reporter, facts_table
from isegformer.deployment import export_weights
from isegformer.slicing import Plane, slice_view
from isegformer.types import FloatArray
from isegformer.volume import apply_window, default_window, read_volume


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """What the command line asks for."""

    weights: str
    output: Path
    format_name: str
    check: Path | None
    """None: a phantom."""
    is_overwriting: bool


def run_export(request: ExportRequest, *, reporter: Reporter) -> None:
    """Export, compare and report; raises IsegformerError where that cannot be done."""
    exported = export_weights(
        request.weights,
        request.output,
        format_name=request.format_name,
        image=None if request.check is None else middle_slice(request.check),
        overwrite=request.is_overwriting,
    )
    facts = {
        "output": str(exported.folder),
        "format": request.format_name,
        "kind": exported.kind,
        "files": [path.name for path in exported.files],
        "largest_difference": max(one.difference for one in exported.comparisons),
    }
    compared = [asdict(one) for one in exported.comparisons]
    reporter.result({**facts, "compared": compared}, view=facts_table(facts))


def middle_slice(path: Path) -> FloatArray:
    """Return the middle slice of an image or volume, in [0, 1], across the axis with the coarsest spacing."""
    volume = read_volume(path)
    axis = int(np.argmax(volume.geometry.spacing_mm))
    if 1 in volume.voxels.shape[:3]:  # a single image
        axis = volume.voxels.shape.index(1)
    plane = Plane(axis=axis, index=volume.voxels.shape[axis] // 2)
    image = apply_window(slice_view(volume.voxels, plane), default_window(volume))
    return image.mean(axis=2, dtype=np.float32) if volume.is_rgb else image
