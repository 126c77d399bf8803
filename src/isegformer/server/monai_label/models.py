"""The models that clients find at `/info/`, and how each makes a label map of clicks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isegformer.errors import ClickError
from isegformer.session import AddClicks, AddObject, ClickPoint, Propagation, SliceSegmenter
from isegformer.slicing import voxel_to_pixel
from isegformer.volume import LabelMap, Volume
from isegformer.workflow import (
    ClickedObject,
    VoxelClick,
    apply_clicks,
    apply_propagation,
    temporary_session,
)

AXIS = 2
"""Clients know slices across the last voxel axis only."""
LABEL = 1
"""Value of the one object in the answer."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One request, understood."""

    volume: Volume
    clicks: tuple[VoxelClick, ...]
    slice_index: int | None
    """The slice that is looked at; None where the client does not say."""
    label: str
    segmenter: SliceSegmenter
    propagation: Propagation
    method: str
    """What the propagation is called."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """One entry of `/info/`."""

    dimension: int
    description: str
    run: Callable[[Task], LabelMap]


def segment_slice(task: Task) -> LabelMap:
    """Return the object on one slice, from the clicks on it; the rest of the map is empty.

    Raises
    ------
    ClickError : no click on the slice, or no slice
    """
    index = _slice_of(task)
    points = []
    for click in task.clicks:
        at = voxel_to_pixel(click.voxel, AXIS)
        if at.index == index:
            points.append(ClickPoint(row=at.row, col=at.col, is_positive=click.is_positive))
    if not points:
        raise ClickError(f"no click lies on slice {index}; click on it")
    with temporary_session(task.volume, segmenter=task.segmenter, propagations={}) as session:
        session.apply(AddObject(label=LABEL, name=task.label))
        session.apply(AddClicks(label=LABEL, axis=AXIS, index=index, clicks=tuple(points)))
        return session.label_map()


def segment_volume(task: Task) -> LabelMap:
    """Return the object in the whole volume, propagated from all slices with clicks.

    Raises
    ------
    ClickError : no positive click
    """
    if not any(click.is_positive for click in task.clicks):
        raise ClickError("no click lies on the object; add one, then propagate")
    item = ClickedObject(name=task.label, label=LABEL, clicks=task.clicks)
    propagations = {task.method: task.propagation}
    with temporary_session(task.volume, segmenter=task.segmenter, propagations=propagations) as session:
        apply_clicks(session, [item], axis=AXIS)
        if np.count_nonzero(session.label_map().labels):
            apply_propagation(session, [item], axis=AXIS, method=task.method)
        return session.label_map()


MODELS: Mapping[str, Model] = {
    "isegformer_slice": Model(
        dimension=2, description="Clicks on a slice segment the object on it.", run=segment_slice
    ),
    "isegformer_volume": Model(
        dimension=3,
        description="Clicks on a few slices segment the object on them and are propagated to the volume.",
        run=segment_volume,
    ),
}
"""Every model by the name that clients ask for."""


def info_document(
    *, name: str, version: str, labels: Sequence[str], total: int, completed: int
) -> dict[str, object]:
    """Return the answer to `/info/`. A key "config" at the top must be absent; clients take it for another.

    Parameters
    ----------
    labels : names of objects that clients offer
    total, completed : scans, and scans with a final label
    """
    return {
        "name": name,
        "description": "Interactive segmentation from clicks, with propagation",
        "version": version,
        "labels": list(labels),
        "models": {
            key: {
                "type": "deepgrow",
                "labels": list(labels),
                "dimension": model.dimension,
                "description": model.description,
                "config": {},
            }
            for key, model in MODELS.items()
        },
        "trainers": {},
        "strategies": {"first": {"description": "The first scan without a final label"}},
        "scoring": {},
        "train_stats": {},
        "datastore": {"total": total, "completed": completed, "label_tags": {}},
    }


def _slice_of(task: Task) -> int:
    if task.slice_index is not None:
        return task.slice_index
    if not task.clicks:
        raise ClickError("neither a slice nor a click is given, expected at least one click")
    return voxel_to_pixel(task.clicks[-1].voxel, AXIS).index
