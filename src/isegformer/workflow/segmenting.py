"""From clicks to a label map, through a session.

The commands are those of the browser, in the order of the objects: objects one after another, the clicks of
each as they stand. So there is one rule for overlaps (the later object yields), one zoom-in and one way in
which a click refines what the clicks before it gave. The session lives in a temporary folder: its journal is
not kept.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from isegformer.errors import SessionError
from isegformer.session import (
    AcceptSlice,
    AddClick,
    AddObject,
    Propagate,
    Propagation,
    ReopenSlice,
    Session,
    SetObjectLocked,
    SliceSegmenter,
    WeightsFingerprint,
)
from isegformer.slicing import Plane, voxel_to_pixel
from isegformer.types import ProgressCallback
from isegformer.volume import Volume
from isegformer.workflow.clicked_objects import ClickedObject


@dataclass(frozen=True, kw_only=True)
class SliceClicks:
    """The clicks on one object and one slice."""

    label: int
    plane: Plane
    clicks: tuple[AddClick, ...]
    """In the order in which they were made."""


def slice_clicks(objects: Sequence[ClickedObject], *, axis: int) -> list[SliceClicks]:
    """Group clicks by object and slice across `axis`: objects in file order, slices as they first appear."""
    groups: dict[tuple[int, int], list[AddClick]] = {}
    for item in objects:
        for click in item.clicks:
            at = voxel_to_pixel(click.voxel, axis)
            command = AddClick(
                label=item.label,
                axis=axis,
                index=at.index,
                row=at.row,
                col=at.col,
                is_positive=click.is_positive,
            )
            groups.setdefault((item.label, at.index), []).append(command)
    return [
        SliceClicks(label=label, plane=Plane(axis=axis, index=index), clicks=tuple(clicks))
        for (label, index), clicks in groups.items()
    ]


@contextmanager
def temporary_session(
    volume: Volume, *, segmenter: SliceSegmenter, propagations: Mapping[str, Propagation]
) -> Iterator[Session]:
    """Give a session that leaves nothing behind."""
    unused = WeightsFingerprint(click="", propagation="")  # guards the reopening of a folder; this one goes
    with (
        TemporaryDirectory(prefix="isegformer-", ignore_cleanup_errors=True) as folder,
        Session.create(
            Path(folder) / "session",
            volume,
            segmenter=segmenter,
            propagations=propagations,
            weights=unused,
        ) as session,
    ):
        yield session


def apply_clicks(
    session: Session,
    objects: Sequence[ClickedObject],
    *,
    axis: int,
    on_progress: ProgressCallback | None = None,
) -> float:
    """Add the objects and all their clicks, accept the slices that were clicked on; return seconds per click.

    Raises
    ------
    SessionError : the session has such an object already
    """
    groups = slice_clicks(objects, axis=axis)
    total, done = sum(len(group.clicks) for group in groups), 0
    for item in objects:
        session.apply(AddObject(label=item.label, name=item.name))
    started = time.perf_counter()
    for group in groups:
        for click in group.clicks:
            session.apply(click)
            done += 1
            if on_progress is not None:
                on_progress(done, total)
    seconds_per_click = (time.perf_counter() - started) / total
    _accept(session, {group.plane.index for group in groups}, axis=axis)
    return seconds_per_click


def slices_of_objects(objects: Sequence[ClickedObject], *, axis: int) -> dict[tuple[int, ...], list[int]]:
    """Return the sets of slices that were clicked on and, for each, the labels clicked on just there."""
    clicked: dict[int, set[int]] = {item.label: set() for item in objects}
    for group in slice_clicks(objects, axis=axis):
        clicked[group.label].add(group.plane.index)
    together: dict[tuple[int, ...], list[int]] = {}
    for label, indices in clicked.items():
        together.setdefault(tuple(sorted(indices)), []).append(label)
    return together


def apply_propagation(
    session: Session,
    objects: Sequence[ClickedObject],
    *,
    axis: int,
    method: str,
    on_progress: ProgressCallback | None = None,
) -> float:
    """Carry the clicked slices of each object to the whole volume; return seconds per slice without clicks.

    An accepted slice says of every object whether it is there. A clicks file does not: an object without
    clicks on a slice may well be there. So objects that were clicked on the same slices go together, all
    others are locked meanwhile, and the slices are accepted for that time only.

    Raises
    ------
    SessionError : the clicked slices hold no object
    """
    started = time.perf_counter()
    groups = slices_of_objects(objects, axis=axis)
    clicked = set[int]().union(*groups)
    drawn = {
        indices: labels for indices, labels in groups.items() if _is_drawn(session, labels, indices, axis)
    }
    if not drawn:
        raise SessionError(
            f"nothing was found on the clicked slices {sorted(clicked)} across axis {axis}, so that "
            "nothing can be propagated; click on other places, or work across another axis"
        )
    _reopen(session, clicked, axis=axis)
    for indices, labels in drawn.items():
        _lock_all_but(session, labels)
        _accept(session, indices, axis=axis)
        session.apply(Propagate(axis=axis, method=method), on_progress=on_progress)
        _reopen(session, indices, axis=axis)
    _lock_all_but(session, [item.label for item in objects])
    _accept(session, clicked, axis=axis)
    return (time.perf_counter() - started) / max(session.volume.geometry.shape[axis] - len(clicked), 1)


def _accept(session: Session, indices: Iterable[int], *, axis: int) -> None:
    for index in sorted(indices):
        session.apply(AcceptSlice(axis=axis, index=index))


def _reopen(session: Session, indices: Iterable[int], *, axis: int) -> None:
    for index in sorted(indices):
        session.apply(ReopenSlice(axis=axis, index=index))


def _is_drawn(session: Session, labels: Sequence[int], indices: Sequence[int], axis: int) -> bool:
    """Tell whether the slices across `axis` hold any voxel of the objects."""
    slices = (session.slice_labels(Plane(axis=axis, index=index)) for index in indices)
    return any(np.isin(found, labels).any() for found in slices)


def _lock_all_but(session: Session, labels: Sequence[int]) -> None:
    for item in session.objects:
        is_locked = item.label not in labels
        if item.is_locked != is_locked:
            session.apply(SetObjectLocked(label=item.label, is_locked=is_locked))
