"""The things a user segments, and what happens where two of them meet."""

import re
from dataclasses import dataclass
from enum import StrEnum

from isegformer.errors import SessionError

MAX_LABEL = 65535
"""The largest label value; label maps are uint16."""

PALETTE = (
    "#e6194b",
    "#3cb44b",
    "#4363d8",
    "#f58231",
    "#911eb4",
    "#42d4f4",
    "#f032e6",
    "#bfef45",
    "#fabed4",
    "#469990",
    "#dcbeff",
    "#9a6324",
)
"""Colours of objects that are added without one, by label value."""


class OverlapRule(StrEnum):
    """Who gets a voxel that an object would take from another, unlocked one."""

    KEEP_EXISTING = "keep_existing"
    """The object that holds the voxel keeps it: the later one yields."""

    REPLACE_EXISTING = "replace_existing"
    """The object that is drawn now takes the voxel."""


@dataclass(frozen=True, kw_only=True)
class SegmentObject:
    """One named object; `label` is its value in the label map and its identity in the session."""

    label: int
    name: str
    colour: str
    """As "#rrggbb"."""
    is_locked: bool = False
    """A locked object never gains or loses a voxel, under any overlap rule."""
    is_visible: bool = True


def check_label(label: int) -> None:
    """Raise SessionError unless `label` can stand for an object."""
    if not 1 <= label <= MAX_LABEL:
        raise SessionError(f"label is {label}, expected 1 to {MAX_LABEL}; 0 is the background")


def check_name(name: str) -> None:
    """Raise SessionError unless `name` says something."""
    if not name.strip():
        raise SessionError(f"the name of an object is {name!r}, expected at least one letter")


def check_colour(colour: str) -> None:
    """Raise SessionError unless `colour` is written "#rrggbb"."""
    if re.fullmatch(r"#[0-9a-fA-F]{6}", colour) is None:
        raise SessionError(f"colour is {colour!r}, expected the form '#rrggbb'")


def palette_colour(label: int) -> str:
    """Return the colour of an object that was added without one."""
    return PALETTE[(label - 1) % len(PALETTE)]
