"""Which axis did the user work across? Chosen where the command line does not say it."""

from collections.abc import Sequence

import numpy as np

from isegformer.errors import PropagationError
from isegformer.types import Labels
from isegformer.volume import Geometry
from isegformer.workflow import ClickedObject

AXES = (0, 1, 2)


def axis_of_clicks(objects: Sequence[ClickedObject], *, geometry: Geometry) -> int:
    """Return the axis that gathers the clicks on the fewest slices.

    Objects whose clicks lie in a row along one axis do not count: that is one place on several slices as
    well as several places on one slice. Of equal axes, the one with the coarsest spacing: people work on the
    slices that the scanner made. Of those, the highest.
    """
    voxels = [click.voxel for item in objects if not _is_row(item) for click in item.clicks]
    n_slices = [len({voxel[axis] for voxel in voxels}) for axis in AXES]
    return min(AXES, key=lambda axis: (n_slices[axis], *_preference(axis, geometry)))


def axis_of_annotations(labels: Labels, *, geometry: Geometry) -> int:
    """Return the axis across which slices of a partial mask were annotated.

    A drawing ends abruptly at the slice that it was made on: along the right axis, the smallest share of the
    labelled voxels has a next voxel of the same label. Of equal axes, the one along which the fewest slices
    hold labels, then as in `axis_of_clicks`.

    Parameters
    ----------
    labels : uint16 (I, J, K)

    Raises
    ------
    PropagationError : there is no label
    """
    if not labels.any():
        raise PropagationError("the annotations hold no label, expected at least one voxel above 0")
    continued = [_continued_voxels(labels, axis) for axis in AXES]
    n_slices = [len(annotated_slices(labels, axis)) for axis in AXES]
    return min(AXES, key=lambda axis: (continued[axis], n_slices[axis], *_preference(axis, geometry)))


def annotated_slices(labels: Labels, axis: int) -> list[int]:
    """Return the indices of the slices across `axis` that hold any label, rising."""
    others = tuple(other for other in AXES if other != axis)
    return [int(index) for index in np.flatnonzero(labels.any(axis=others))]


def _is_row(item: ClickedObject) -> bool:
    """Whether the clicks differ along exactly one axis."""
    return sum(len({click.voxel[axis] for click in item.clicks}) > 1 for axis in AXES) == 1


def _continued_voxels(labels: Labels, axis: int) -> int:
    """Count the labelled voxels whose next voxel along `axis` has the same label."""
    stack = np.moveaxis(labels, axis, 0)
    return int(np.count_nonzero((stack[:-1] == stack[1:]) & (stack[:-1] != 0)))


def _preference(axis: int, geometry: Geometry) -> tuple[float, int]:
    return -round(geometry.spacing_mm[axis], 3), -axis  # stored affines are rounded to 32 bits
