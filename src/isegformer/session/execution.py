"""Which function carries out which command."""

from collections.abc import Callable, Mapping
from typing import Any

from isegformer.errors import SessionError
from isegformer.session import commands as c
from isegformer.session import object_commands, slice_commands, volume_commands
from isegformer.session.workspace import Proposal, Workspace

HANDLERS: Mapping[type[c.Command], Callable[[Any, Workspace], Proposal]] = {
    c.AddObject: object_commands.add_object,
    c.RenameObject: object_commands.rename_object,
    c.RecolourObject: object_commands.recolour_object,
    c.SetObjectLocked: object_commands.set_object_locked,
    c.SetObjectVisible: object_commands.set_object_visible,
    c.RemoveObject: object_commands.remove_object,
    c.AcceptSlice: object_commands.accept_slice,
    c.ReopenSlice: object_commands.reopen_slice,
    c.SetOverlapRule: object_commands.set_overlap_rule,
    c.SetWindow: object_commands.set_window,
    c.AddClick: slice_commands.add_click,
    c.AddClicks: slice_commands.add_clicks,
    c.ClearClicks: slice_commands.clear_clicks,
    c.PaintMask: slice_commands.paint_mask,
    c.Propagate: volume_commands.propagate,
    c.ImportLabelMap: volume_commands.import_label_map,
}
"""Undo, Redo and AdoptWeights are not here: they are about the journal, not about the state."""


def execute(command: c.Command, space: Workspace) -> Proposal:
    """Return what `command` would change; nothing is changed by this.

    Raises
    ------
    SessionError : the command does not fit the state
    ClickError : a click outside its slice
    """
    handler = HANDLERS.get(type(command))
    if handler is None:
        raise SessionError(
            f"{type(command).__name__} is not a command that changes the state of an open session"
        )
    return handler(command, space)
