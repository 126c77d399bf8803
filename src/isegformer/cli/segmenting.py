"""From a clicks file to a label map, through a session.

The commands are those of the browser, in the order of the file: objects one after another, the clicks of
each as they stand. So there is one rule for overlaps (the later object yields), one zoom-in and one way in
which a click refines what the clicks before it gave. The session lives in a temporary folder: its journal is
not kept.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from isegformer.cli.clicks_file import ClickedObject
from isegformer.session import (
    AcceptSlice,
    AddClick,
    AddObject,
    Propagate,
    Propagation,
    Session,
    SliceSegmenter,
    WeightsFingerprint,
)
from isegformer.slicing import Plane, voxel_to_pixel
from isegformer.types import ProgressCallback
from isegformer.volume import Volume


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
    for index in sorted({group.plane.index for group in groups}):
        session.apply(AcceptSlice(axis=axis, index=index))
    return seconds_per_click


def apply_propagation(
    session: Session, *, axis: int, method: str, on_progress: ProgressCallback | None = None
) -> float:
    """Carry the accepted slices to the whole volume; return seconds per slice that was not accepted.

    Raises
    ------
    SessionError : the accepted slices hold no object
    """
    n_slices = session.volume.geometry.shape[axis] - len(session.annotated(axis))
    started = time.perf_counter()
    session.apply(Propagate(axis=axis, method=method), on_progress=on_progress)
    return (time.perf_counter() - started) / max(n_slices, 1)
