"""How the commands that draw one object on one slice are carried out."""

from dataclasses import replace

import numpy as np

from isegformer.clicks import Click, check_clicks_inside
from isegformer.errors import SessionError
from isegformer.session.commands import AddClick, AddClicks, ClearClicks, ObjectSliceCommand, PaintMask
from isegformer.session.drawing import draw_labels, protected_on_slice
from isegformer.session.label_delta import LabelDelta, slice_delta
from isegformer.session.sheet import SliceKey
from isegformer.session.workspace import Proposal, Workspace, proposal
from isegformer.slicing import slice_shape
from isegformer.types import Mask


def add_click(command: AddClick, space: Workspace) -> Proposal:
    """Predict from all clicks so far and what the clicks before gave."""
    click = Click(row=command.row, col=command.col, is_positive=command.is_positive)
    return _clicked((click,), _open_slice(command, space), space)


def add_clicks(command: AddClicks, space: Workspace) -> Proposal:
    """Predict once, from all clicks so far and what the clicks before these gave."""
    new = tuple(
        Click(row=point.row, col=point.col, is_positive=point.is_positive) for point in command.clicks
    )
    return _clicked(new, _open_slice(command, space), space)


def _clicked(new: tuple[Click, ...], key: SliceKey, space: Workspace) -> Proposal:
    check_clicks_inside(new, slice_shape(space.shape, key.axis))
    clicks = (*space.sheet.clicks.get(key, ()), *new)
    prediction = space.bench.predict(
        clicks, space.previous_prediction(key), plane=key.plane, window=space.sheet.settings.window
    )
    sheet = replace(
        space.sheet,
        clicks={**space.sheet.clicks, key: clicks},
        predictions={**space.sheet.predictions, key: space.seq},
    )
    delta = _replaced(key, prediction.mask, space)
    return proposal(sheet, delta, shape=space.shape, drawn=key, prediction=prediction)


def clear_clicks(command: ClearClicks, space: Workspace) -> Proposal:
    """Take clicks, prediction and voxels of the object off the slice."""
    key = _open_slice(command, space)
    empty = np.zeros(slice_shape(space.shape, key.axis), bool)
    return proposal(
        space.sheet.without_slices(frozenset([key])), _replaced(key, empty, space), shape=space.shape
    )


def paint_mask(command: PaintMask, space: Workspace) -> Proposal:
    """Draw the mask; the next click refines it."""
    key = _open_slice(command, space)
    expected = slice_shape(space.shape, key.axis)
    if command.mask.dtype != "bool" or command.mask.shape != expected:
        raise SessionError(
            f"painted mask is {command.mask.dtype} of shape {command.mask.shape}, expected bool {expected}"
        )
    return proposal(space.sheet, _replaced(key, command.mask.unpack(), space), shape=space.shape)


def _open_slice(command: ObjectSliceCommand, space: Workspace) -> SliceKey:
    """Return what is drawn on, or raise if the object or the slice must not change."""
    item = space.sheet.unlocked_object(command.label)
    space.slice_labels(command.plane)
    if command.plane in space.sheet.accepted:
        raise SessionError(
            f"slice {command.index} across axis {command.axis} is accepted, so {item.name!r} cannot change "
            "there; reopen the slice first"
        )
    return SliceKey(label=command.label, axis=command.axis, index=command.index)


def _replaced(key: SliceKey, mask: Mask, space: Workspace) -> LabelDelta:
    """Return the change that gives the object `mask` (H, W) on its slice, as far as it may have it."""
    current = space.slice_labels(key.plane)
    drawn = np.where(mask, np.uint16(key.label), np.uint16(0))
    result = draw_labels(
        current,
        drawn,
        labels=(key.label,),
        protected=protected_on_slice(current, plane=key.plane, sheet=space.sheet),
        rule=space.sheet.settings.overlap_rule,
    )
    return slice_delta(current, result, plane=key.plane, shape=space.shape)
