"""LabelMap: which object each voxel belongs to."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from isegformer import scratch
from isegformer.errors import GeometryError
from isegformer.types import AnyArray, Labels
from isegformer.volume.geometry import Geometry, check_shape_fits

MAX_LABEL = 65535


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Objects of a volume as whole numbers; 0 is background.

    Parameters
    ----------
    labels : uint16 (I, J, K); bool and integer arrays with values 0 to 65535 are converted
    geometry : the grid, of shape (I, J, K)
    names : name of each label that has one

    Raises
    ------
    GeometryError : the labels have another shape than the grid, or a value outside 0 to 65535
    """

    labels: Labels
    geometry: Geometry
    names: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        labels = np.asarray(self.labels)
        if labels.ndim != 3 or labels.dtype.kind not in "bui":
            raise GeometryError(
                f"labels are {labels.dtype} of shape {labels.shape}, expected integers (I, J, K)"
            )
        check_shape_fits(labels, self.geometry)
        object.__setattr__(self, "labels", _as_uint16(labels))
        names = {int(label): str(name) for label, name in self.names.items()}
        if any(not 1 <= label <= MAX_LABEL for label in names):
            raise GeometryError(f"names are given for labels {sorted(names)}, expected 1 to {MAX_LABEL}")
        object.__setattr__(self, "names", MappingProxyType(names))

    def name_of(self, label: int) -> str:
        """Return the name of an object, or one made of its label."""
        return self.names.get(label, f"label {label}")


def label_counts(labels: Labels) -> dict[int, int]:
    """Return how many voxels each label has that occurs in a label map of any shape, rising, 0 too."""
    counts = np.zeros(MAX_LABEL + 1, np.int64)
    for slab in scratch.slabs(labels):
        part = labels[slab]
        if part.any():
            found = np.bincount(part.reshape(-1))
            counts[: found.size] += found
        else:  # most of most label maps, and much faster
            counts[0] += part.size
    return {int(label): int(counts[label]) for label in np.flatnonzero(counts)}


def only_labels(labels: Labels, wanted: Collection[int]) -> Labels:
    """Return a copy of a label map of any shape in which everything but `wanted` is background."""
    table = np.zeros(MAX_LABEL + 1, np.uint16)
    table[list(wanted)] = list(wanted)
    kept: Labels = scratch.zeros(labels.shape, np.uint16, order=scratch.order_of(labels))
    for slab in scratch.slabs(labels):
        kept[slab] = table[labels[slab]]
    return kept


def _as_uint16(labels: AnyArray) -> Labels:
    """Convert without a silent wrap-around."""
    if labels.dtype not in (np.bool_, np.uint8, np.uint16):
        low, high = int(labels.min()), int(labels.max())
        if low < 0 or high > MAX_LABEL:
            raise GeometryError(f"labels run from {low} to {high}, expected 0 to {MAX_LABEL}")
    as_uint16: Labels = labels if labels.dtype == np.uint16 else scratch.converted(labels, np.uint16)
    return as_uint16
