"""How the commands that draw in the whole volume are carried out."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from isegformer.errors import SessionError
from isegformer.session.commands import ImportLabelMap, Propagate
from isegformer.session.drawing import draw_labels, draw_volume, has_label, protected_on_slice
from isegformer.session.label_delta import changed_slices
from isegformer.session.objects import SegmentObject, palette_colour
from isegformer.session.protocols import EarlierResult
from isegformer.session.round_records import Round, RoundKey
from isegformer.session.rounds import earlier_result, round_slices
from isegformer.session.sheet import Sheet
from isegformer.session.workspace import Proposal, Workspace, proposal
from isegformer.slicing import Plane
from isegformer.types import CancelCallback, Labels, SliceCallback
from isegformer.volume import Geometry, label_counts

AFFINE_TOLERANCE_MM = 1e-3
"""How far an imported label map's affine may be from the volume's: files round to 32 bits."""


class _CancelledError(Exception):
    """Ends a propagation from within its question: what nobody keeps need not be put together."""


def _asking(is_cancelled: CancelCallback | None) -> CancelCallback:
    """Return the question for a propagation: it is answered by no, or by the end of the propagation."""

    def ask() -> bool:
        if is_cancelled is not None and is_cancelled():
            raise _CancelledError
        return False

    return ask


def propagate(command: Propagate, space: Workspace) -> Proposal:
    """Replace the unlocked objects of the accepted slices, but not on accepted slices.

    After an earlier propagation of the same kind, only what lies next to newly accepted slices is replaced.
    """
    if command.method not in space.propagations:
        known = ", ".join(sorted(space.propagations)) or "none"
        raise SessionError(f"propagation method is {command.method!r}, expected one of: {known}")
    annotations = _annotations(command.axis, space)
    involved = tuple(int(label) for label in np.unique(np.stack(list(annotations.values()))) if label != 0)
    if not involved:
        raise SessionError(
            f"the accepted slices across axis {command.axis} hold no unlocked object; draw or unlock one"
        )
    key, this_round = RoundKey(axis=command.axis, method=command.method), _round(annotations, space)
    is_cancelled = _asking(space.is_cancelled)
    try:
        result = space.propagations[command.method](
            space.volume,
            annotations,
            axis=command.axis,
            window=space.sheet.settings.window,
            earlier=_earlier(key, annotations, this_round=this_round, space=space),
            on_progress=space.on_progress,
            is_cancelled=is_cancelled,
            on_slice=_previews(space, axis=command.axis, labels=involved),
        )
        is_cancelled()
    except _CancelledError:
        return replace(proposal(space.sheet, shape=space.shape), is_cancelled=True)
    if result.shape != space.shape:
        raise SessionError(
            f"method {command.method!r} gave labels of shape {result.shape}, expected {space.shape}"
        )
    delta = draw_volume(
        space.labels, result, labels=involved, sheet=space.sheet, accepted=space.sheet.accepted
    )
    sheet = replace(space.sheet, rounds={**space.sheet.rounds, key: this_round})
    return proposal(sheet, delta, shape=space.shape)


def _previews(space: Workspace, *, axis: int, labels: tuple[int, ...]) -> SliceCallback | None:
    """Return what a method may tell its slices to: the asker gets them as they would be drawn."""
    on_slice, sheet = space.on_slice, space.sheet
    if on_slice is None:
        return None

    def preview(index: int, found: Labels) -> None:
        plane = Plane(axis=axis, index=index)
        current = space.slice_labels(plane)
        drawn = draw_labels(
            current,
            found,
            labels=labels,
            protected=protected_on_slice(current, plane=plane, sheet=sheet),
            rule=sheet.settings.overlap_rule,
        )
        on_slice(index, drawn)

    return preview


def _round(annotations: Mapping[int, Labels], space: Workspace) -> Round:
    """Return what the next propagation is to know of this one."""
    settings = space.sheet.settings
    return Round(
        slices=round_slices(annotations),
        window_low=settings.window_low,
        window_high=settings.window_high,
        weights=space.weights.propagation,
    )


def _earlier(
    key: RoundKey, annotations: Mapping[int, Labels], *, this_round: Round, space: Workspace
) -> EarlierResult | None:
    """Return what the last propagation of this kind left; None if there is none to go on from."""
    before = space.sheet.rounds.get(key)
    if before is None or replace(before, slices=this_round.slices) != this_round:
        return None
    return earlier_result(before, annotations, axis=key.axis, volume_labels=space.labels)


def _annotations(axis: int, space: Workspace) -> Mapping[int, Labels]:
    """Return the unlocked labels (H, W) of every accepted slice across `axis`, empty slices too."""
    planes = sorted(
        (plane for plane in space.sheet.accepted if plane.axis == axis), key=lambda plane: plane.index
    )
    if not planes:
        raise SessionError(f"no slice across axis {axis} is accepted; accept at least one to propagate from")
    locked = space.sheet.locked_labels
    return {plane.index: _without(space.slice_labels(plane), locked) for plane in planes}


def _without(labels: Labels, unwanted: tuple[int, ...]) -> Labels:
    return np.where(has_label(labels, unwanted), np.uint16(0), labels)


def import_label_map(command: ImportLabelMap, space: Workspace) -> Proposal:
    """Draw all labels of the map at once; refuse if a locked object or an accepted slice would change."""
    imported = _labels_on_grid(command, space)
    labels = tuple(label for label in label_counts(imported) if label != 0)
    if not labels:
        raise SessionError("the label map to import is empty, expected at least one label")
    sheet = _with_imported_objects(command, labels, sheet=space.sheet)
    delta = draw_volume(space.labels, imported, labels=labels, sheet=sheet, accepted=())
    for _, axis, index in changed_slices(delta, space.shape):
        if Plane(axis=axis, index=index) in sheet.accepted:
            raise _accepted_slice_error(Plane(axis=axis, index=index))
    keys = frozenset(key for key in {*sheet.clicks, *sheet.predictions} if key.label in labels)
    sheet = replace(sheet.without_slices(keys), rounds={})  # propagation starts over, like the objects
    return proposal(sheet, delta, shape=space.shape)


def _accepted_slice_error(plane: Plane) -> SessionError:
    return SessionError(
        f"the label map would change the accepted slice {plane.index} across axis {plane.axis}; "
        "reopen that slice first"
    )


def _labels_on_grid(command: ImportLabelMap, space: Workspace) -> Labels:
    """Return the labels, or raise SessionError if they lie on another grid than the volume."""
    expected = space.volume.geometry
    if command.labels.dtype != "uint16" or command.labels.shape != expected.shape:
        raise SessionError(
            f"the label map is {command.labels.dtype} of shape {command.labels.shape}, expected uint16 of "
            f"shape {expected.shape}, as the volume; resample it to the volume first"
        )
    if [len(row) for row in command.affine] != [4, 4, 4, 4]:
        raise SessionError(f"the label map's affine has {len(command.affine)} rows, expected 4 x 4 numbers")
    geometry = Geometry(shape=expected.shape, affine=np.array(command.affine))
    if not geometry.is_close(expected, AFFINE_TOLERANCE_MM):
        raise SessionError(
            "the label map lies elsewhere in space than the volume: its affine differs by more than "
            f"{AFFINE_TOLERANCE_MM} mm; resample it to the volume first"
        )
    labels: Labels = command.labels.unpack()
    return labels


def _with_imported_objects(command: ImportLabelMap, labels: tuple[int, ...], *, sheet: Sheet) -> Sheet:
    """Return the sheet with an object for every label; objects that exist keep their name and colour."""
    names = {item.label: item.name for item in command.names}
    for label in labels:
        if label in sheet.objects:
            sheet.unlocked_object(label)
        else:
            name = names.get(label, f"label {label}")
            item = SegmentObject(label=label, name=name, colour=palette_colour(label))
            sheet = sheet.with_object(item)
    return sheet
