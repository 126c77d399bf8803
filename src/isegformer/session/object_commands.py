"""How the commands about objects, accepted slices and settings are carried out."""

from dataclasses import replace

import numpy as np

from isegformer.errors import SessionError
from isegformer.session.commands import (
    AcceptSlice,
    AddObject,
    RecolourObject,
    RemoveObject,
    RenameObject,
    ReopenSlice,
    SetObjectLocked,
    SetObjectVisible,
    SetOverlapRule,
    SetWindow,
)
from isegformer.session.label_delta import delta_of_slices
from isegformer.session.objects import SegmentObject, palette_colour
from isegformer.session.workspace import Proposal, Workspace, proposal
from isegformer.slicing import slice_view


def add_object(command: AddObject, space: Workspace) -> Proposal:
    """Refuse labels and names that are taken."""
    if command.label in space.sheet.objects:
        taken = space.sheet.objects[command.label].name
        raise SessionError(f"label {command.label} belongs to the object {taken!r}; choose another")
    colour = command.colour if command.colour is not None else palette_colour(command.label)
    item = SegmentObject(label=command.label, name=command.name, colour=colour)
    return proposal(space.sheet.with_object(item), shape=space.shape)


def rename_object(command: RenameObject, space: Workspace) -> Proposal:
    """Refuse names that are taken; a locked object may be renamed, its voxels stay."""
    item = replace(space.sheet.object(command.label), name=command.name)
    return proposal(space.sheet.with_object(item), shape=space.shape)


def recolour_object(command: RecolourObject, space: Workspace) -> Proposal:
    """Change the colour only."""
    item = replace(space.sheet.object(command.label), colour=command.colour)
    return proposal(space.sheet.with_object(item), shape=space.shape)


def set_object_locked(command: SetObjectLocked, space: Workspace) -> Proposal:
    """Change the lock only."""
    item = replace(space.sheet.object(command.label), is_locked=command.is_locked)
    return proposal(space.sheet.with_object(item), shape=space.shape)


def set_object_visible(command: SetObjectVisible, space: Workspace) -> Proposal:
    """Change the visibility only."""
    item = replace(space.sheet.object(command.label), is_visible=command.is_visible)
    return proposal(space.sheet.with_object(item), shape=space.shape)


def remove_object(command: RemoveObject, space: Workspace) -> Proposal:
    """Refuse while the object is locked or has voxels on an accepted slice."""
    sheet = space.sheet
    item = sheet.unlocked_object(command.label)
    for plane in sorted(sheet.accepted, key=lambda plane: (plane.axis, plane.index)):
        if np.any(slice_view(space.labels, plane) == command.label):
            raise SessionError(
                f"object {command.label} ({item.name!r}) has voxels on the accepted slice {plane.index} "
                f"across axis {plane.axis}; reopen that slice first"
            )
    keys = frozenset(key for key in {*sheet.clicks, *sheet.predictions} if key.label == command.label)
    rest = {label: other for label, other in sheet.objects.items() if label != command.label}
    cleared = delta_of_slices(
        space.labels, lambda first, slices: np.where(slices == command.label, np.uint16(0), slices)
    )
    return proposal(replace(sheet.without_slices(keys), objects=rest), cleared, shape=space.shape)


def accept_slice(command: AcceptSlice, space: Workspace) -> Proposal:
    """Refuse slices that are accepted already."""
    space.slice_labels(command.plane)
    if command.plane in space.sheet.accepted:
        raise SessionError(f"slice {command.index} across axis {command.axis} is accepted already")
    accepted = space.sheet.accepted | {command.plane}
    return proposal(replace(space.sheet, accepted=accepted), shape=space.shape)


def reopen_slice(command: ReopenSlice, space: Workspace) -> Proposal:
    """Refuse slices that are not accepted."""
    if command.plane not in space.sheet.accepted:
        raise SessionError(
            f"slice {command.index} across axis {command.axis} is not accepted; nothing to reopen"
        )
    accepted = space.sheet.accepted - {command.plane}
    return proposal(replace(space.sheet, accepted=accepted), shape=space.shape)


def set_overlap_rule(command: SetOverlapRule, space: Workspace) -> Proposal:
    """Change the rule for later commands; what is drawn stays."""
    settings = replace(space.sheet.settings, overlap_rule=command.rule)
    return proposal(replace(space.sheet, settings=settings), shape=space.shape)


def set_window(command: SetWindow, space: Workspace) -> Proposal:
    """Change the window for later predictions; what is drawn stays."""
    settings = replace(space.sheet.settings, window_low=command.low, window_high=command.high)
    return proposal(replace(space.sheet, settings=settings), shape=space.shape)
