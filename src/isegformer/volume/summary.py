"""VolumeSummary: what a person asks first about a volume."""

from dataclasses import dataclass

import numpy as np

from isegformer.volume.orientation import axis_codes
from isegformer.volume.volume import Volume


@dataclass(frozen=True, kw_only=True)
class VolumeSummary:
    """Facts about a volume, ready to print or to write as JSON."""

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float]
    """RAS+ position of the centre of voxel (0, 0, 0)."""
    axis_codes: tuple[str, str, str]
    """The side of the patient towards which i, j, k grow."""
    dtype: str
    channels: int
    """1, or 3 for RGB."""
    value_range: tuple[float, float] | None
    """Smallest and largest finite value; None if no voxel is finite."""
    nonfinite_voxels: int
    """Number of values that are NaN or infinite."""
    sha256: str


def describe(volume: Volume) -> VolumeSummary:
    """Gather the facts about a volume; reads every voxel once for the range and once for the hash."""
    finite = volume.voxels if volume.voxels.dtype.kind in "ui" else volume.voxels[np.isfinite(volume.voxels)]
    return VolumeSummary(
        shape=volume.geometry.shape,
        spacing_mm=volume.geometry.spacing_mm,
        origin_mm=volume.geometry.origin_mm,
        axis_codes=axis_codes(volume.geometry.affine),
        dtype=str(volume.voxels.dtype),
        channels=3 if volume.is_rgb else 1,
        value_range=(float(finite.min()), float(finite.max())) if finite.size else None,
        nonfinite_voxels=int(volume.voxels.size - finite.size),
        sha256=volume.sha256,
    )
