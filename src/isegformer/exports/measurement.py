"""Sizes of the objects of a label map."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from isegformer.exports.surface import surface_of
from isegformer.volume import LabelMap

MM2_PER_CM2 = 100.0
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""Spreadsheets carry out a cell that begins so."""


@dataclass(frozen=True, kw_only=True)
class ObjectSize:
    """How large one object is."""

    label: int
    name: str
    voxels: int
    volume_ml: float
    """Voxels times the volume of one."""
    surface_cm2: float
    """Area of the smoothed surface; 0 for an object without voxels."""


def measure_objects(label_map: LabelMap) -> tuple[ObjectSize, ...]:
    """Return the sizes of all objects that have voxels or a name, by rising label."""
    voxel_ml = label_map.geometry.voxel_ml
    counts = np.bincount(label_map.labels.ravel(order="K"))
    labels = sorted({int(label) for label in np.flatnonzero(counts) if label} | set(label_map.names))
    sizes = []
    for label in labels:
        voxels = int(counts[label]) if label < len(counts) else 0
        sizes.append(
            ObjectSize(
                label=label,
                name=label_map.name_of(label),
                voxels=voxels,
                volume_ml=voxels * voxel_ml,
                surface_cm2=_surface_cm2(label_map, label) if voxels else 0.0,
            )
        )
    return tuple(sizes)


def sizes_as_csv(sizes: Iterable[ObjectSize]) -> str:
    """Return a table with one line for each object; names that a spreadsheet would carry out are quoted."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["label", "name", "voxels", "volume_ml", "surface_cm2"])
    for size in sizes:
        name = f"'{size.name}" if size.name.startswith(_FORMULA_STARTS) else size.name
        writer.writerow([size.label, name, size.voxels, f"{size.volume_ml:.4f}", f"{size.surface_cm2:.3f}"])
    return text.getvalue()


def _surface_cm2(label_map: LabelMap, label: int) -> float:
    return surface_of(label_map.labels == label, label_map.geometry).area_mm2 / MM2_PER_CM2
