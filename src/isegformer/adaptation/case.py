"""A user's own case: a volume, labels, and the slices on which those labels can be trusted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from isegformer.errors import DatasetError
from isegformer.slicing import Plane, slice_view
from isegformer.types import AnyArray, FloatArray, Labels, Mask
from isegformer.volume import LabelMap, Volume, Window, apply_window, default_window

AXES = (0, 1, 2)

LONGEST_RUN = 2
"""Annotated slices that follow one another: where the mean run is no longer, only some slices were done."""

LEAST_AREA_PX = 30
"""Smaller parts of an object say little about its outline."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AdaptationCase:
    """One volume to learn from."""

    name: str
    """How reports call it."""
    volume: Volume
    """Grey or RGB."""
    window: Window
    """Intensities that become 0 and 1."""
    labels: Labels
    """uint16 (I, J, K); outside the known slices it says nothing."""
    known: Mapping[int, tuple[int, ...]]
    """Axis -> slices across it whose labels are complete, rising; axes without any are absent."""

    def __post_init__(self) -> None:
        if not any(self.known.values()) or not self.labels.any():
            raise DatasetError(f"{self.name} has no labelled slice, expected at least one to learn from")

    @property
    def axis(self) -> int:
        """The axis worked across: of several known ones that of coarsest spacing, then the last."""
        spacing_mm = self.volume.geometry.spacing_mm
        return max(self.known, key=lambda axis: (round(spacing_mm[axis], 3), axis))

    @property
    def objects(self) -> tuple[int, ...]:
        """Labels of the objects on known slices, rising."""
        return tuple(int(value) for value in np.unique(self.labels) if value)

    def image(self, plane: Plane) -> FloatArray:
        """Return a slice (H, W) or (H, W, 3), in [0, 1]."""
        return apply_window(slice_view(self.volume.voxels, plane), self.window)

    def slice_labels(self, plane: Plane) -> Labels:
        """Return the labels (H, W) of a slice."""
        return slice_view(self.labels, plane)

    def planes_of(self, label: int, axis: int, *, least_area_px: int = LEAST_AREA_PX) -> tuple[Plane, ...]:
        """Return the known slices across `axis` on which an object has an area, by rising index."""
        others = tuple(other for other in AXES if other != axis)
        areas_px = np.count_nonzero(self.labels == label, axis=others)
        return tuple(
            Plane(axis=axis, index=index)
            for index in self.known.get(axis, ())
            if areas_px[index] >= least_area_px
        )

    def mask(self, label: int, plane: Plane) -> Mask:
        """Return an object on a slice, bool (H, W)."""
        return np.asarray(self.slice_labels(plane) == label)

    def restricted(self, known: Mapping[int, tuple[int, ...]], *, part: str) -> "AdaptationCase":
        """Return the case with fewer known slices; `part` goes into its name."""
        return AdaptationCase(
            name=f"{self.name} ({part})",
            volume=self.volume,
            window=self.window,
            labels=self.labels,
            known=known,
        )


def labelled_case(
    volume: Volume, label_map: LabelMap, *, name: str, axis: int | None = None
) -> AdaptationCase:
    """Return the case of a volume and a label map, complete or drawn on some slices only.

    Parameters
    ----------
    axis : the slices across this axis that hold a label are complete, and nothing else is known; None finds
        out whether slices were skipped, see `known_slices`

    Raises
    ------
    DatasetError : the grids differ, or there is no label
    """
    if not volume.geometry.is_close(label_map.geometry):
        raise DatasetError(
            f"{name}: the label map has shape {label_map.geometry.shape} and lies on another grid than its "
            f"volume of shape {volume.geometry.shape}, expected the same grid"
        )
    known = (
        known_slices(label_map.labels) if axis is None else {axis: labelled_slices(label_map.labels, axis)}
    )
    return AdaptationCase(
        name=name, volume=volume, window=default_window(volume), labels=label_map.labels, known=known
    )


def known_slices(labels: Labels) -> Mapping[int, tuple[int, ...]]:
    """Return by axis the slices whose labels are complete.

    Where labelled slices across one axis come singly or in pairs with unlabelled ones between or beside them,
    somebody drew those slices and nothing else. Otherwise the label map is taken as complete: every slice
    across every axis is known.

    Parameters
    ----------
    labels : (I, J, K)
    """
    drawn = [axis for axis in AXES if _is_drawn_on_some(labels, axis)]
    if drawn:
        thinnest = min(drawn, key=lambda axis: _mean_run(labelled_slices(labels, axis)))
        return {thinnest: labelled_slices(labels, thinnest)}
    return {axis: tuple(range(labels.shape[axis])) for axis in AXES}


def labelled_slices(labels: AnyArray, axis: int) -> tuple[int, ...]:
    """Return the slices across `axis` that hold any label, rising."""
    others = tuple(other for other in AXES if other != axis)
    return tuple(int(index) for index in np.flatnonzero(labels.any(axis=others)))


def _is_drawn_on_some(labels: Labels, axis: int) -> bool:
    indices = labelled_slices(labels, axis)
    return bool(indices) and labels.shape[axis] > len(indices) and _mean_run(indices) <= LONGEST_RUN


def _mean_run(indices: Sequence[int]) -> float:
    """Return the mean length of runs of neighbouring numbers."""
    runs = 1 + sum(following - index > 1 for index, following in pairwise(indices))
    return len(indices) / runs
