"""What a session holds that others can learn from: its labels, and on which slices they were accepted."""

from collections.abc import Mapping
from dataclasses import dataclass

from isegformer.session.folder import check_volume, open_journal
from isegformer.session.replay import load_state
from isegformer.types import PathLike
from isegformer.volume import LabelMap, Volume, Window


@dataclass(frozen=True, kw_only=True)
class SessionAnnotations:
    """The labels of a session and where they can be trusted."""

    label_map: LabelMap
    """On the grid of the volume, with the names of the objects."""
    accepted: Mapping[int, tuple[int, ...]]
    """Axis -> indices of the accepted slices across it, rising; axes without any are absent."""
    window: Window
    """The intensities that were shown as 0 and 1."""


def session_volume_sha256(folder: PathLike) -> str:
    """Return the SHA-256 of the volume that the session in `folder` was made on; errors as below."""
    lock, journal = open_journal(folder)
    try:
        return journal.header.volume_sha256
    finally:
        journal.close()
        lock.release()


def read_annotations(folder: PathLike, volume: Volume) -> SessionAnnotations:
    """Return what the session in `folder` holds; no network is needed, and nothing is changed.

    Raises
    ------
    JournalError : no session there, or its journal is damaged
    SessionMismatchError : it was made on another volume
    SessionError : it is open elsewhere
    """
    lock, journal = open_journal(folder)
    try:
        check_volume(journal, volume)
        state = load_state(journal)
    finally:
        journal.close()
        lock.release()
    axes = sorted({plane.axis for plane in state.sheet.accepted})
    accepted = {
        axis: tuple(sorted(plane.index for plane in state.sheet.accepted if plane.axis == axis))
        for axis in axes
    }
    return SessionAnnotations(
        label_map=state.label_map(volume), accepted=accepted, window=state.sheet.settings.window
    )
