"""What a session tells those who use it: what came of a command, what happened, how things stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from isegformer.session.commands import Command
from isegformer.session.label_delta import Box
from isegformer.session.sheet import Sheet


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a command."""

    is_applied: bool
    """False: it was cancelled, and left no trace."""
    seq: int | None
    """Number of its journal entry, if it was applied."""
    changed: Box | None
    """The block that holds all changed voxels; None if none changed."""


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One line of what happened in a session."""

    seq: int
    time_utc: datetime
    user: str | None
    command: Command
    is_in_force: bool
    """False: undone, or itself an undo, a redo or a change of weights."""


@dataclass(frozen=True, kw_only=True)
class SessionView:
    """A session at one moment, without its label map; all parts belong together."""

    seq: int
    """Number of the last command that shows here; 0 in a new session."""
    sheet: Sheet
    can_undo: bool
    can_redo: bool
    voxels: Mapping[int, int]
    """How many voxels each object has, by label."""
