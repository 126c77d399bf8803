"""From the state of a session to the documents that are sent."""

from collections.abc import Callable, Mapping
from typing import Any

from isegformer.propagation import Advice
from isegformer.server import schemas
from isegformer.server.data_root import Scan
from isegformer.session import (
    Box,
    HistoryEntry,
    Session,
    SessionView,
    Sheet,
    to_json,
)
from isegformer.volume import Volume


def session_document(
    session: Session,
    scan: Scan,
    *,
    job: schemas.Job | None,
    advice: Callable[[Sheet], schemas.Advice | None],
) -> schemas.Session:
    """Return a session as it is at this moment.

    Parameters
    ----------
    advice : gives the advice that fits the state of the session
    """
    view, geometry = session.view(), session.volume.geometry
    settings = view.sheet.settings
    return schemas.Session(
        id=scan.id,
        scan=scan.id,
        name=scan.name,
        kind=scan.kind,
        shape=list(geometry.shape),
        spacing_mm=list(geometry.spacing_mm),
        affine=geometry.affine.tolist(),
        seq=view.seq,
        can_undo=view.can_undo,
        can_redo=view.can_redo,
        overlap_rule=settings.overlap_rule.value,
        window=schemas.WindowBounds(low=settings.window_low, high=settings.window_high),
        objects=_objects(view, voxel_ml=geometry.voxel_ml),
        accepted=_accepted(view),
        clicks=_clicks(view),
        job=job,
        advice=advice(view.sheet),
        weights=schemas.Weights(click=session.weights.click, propagation=session.weights.propagation),
    )


def _objects(view: SessionView, *, voxel_ml: float) -> list[schemas.ObjectState]:
    return [
        schemas.ObjectState(
            label=label,
            name=item.name,
            colour=item.colour,
            is_locked=item.is_locked,
            is_visible=item.is_visible,
            voxels=view.voxels[label],
            volume_ml=view.voxels[label] * voxel_ml,
        )
        for label, item in sorted(view.sheet.objects.items())
    ]


def _accepted(view: SessionView) -> list[schemas.SliceName]:
    planes = sorted(view.sheet.accepted, key=lambda plane: (plane.axis, plane.index))
    return [schemas.SliceName(axis=plane.axis, index=plane.index) for plane in planes]


def _clicks(view: SessionView) -> list[schemas.ClickState]:
    return [
        schemas.ClickState(
            label=key.label,
            axis=key.axis,
            index=key.index,
            row=click.row,
            col=click.col,
            is_positive=click.is_positive,
        )
        for key, clicks in view.sheet.clicks.items()
        for click in clicks
    ]


def grid_document(scan: Scan, volume: Volume) -> schemas.Grid:
    """Return a scan with its grid."""
    return schemas.Grid(
        id=scan.id,
        name=scan.name,
        kind=scan.kind,
        shape=list(volume.geometry.shape),
        spacing_mm=list(volume.geometry.spacing_mm),
        affine=volume.geometry.affine.tolist(),
        is_rgb=volume.is_rgb,
    )


def box_document(box: Box | None) -> schemas.Box | None:
    """Return a box, or nothing for nothing."""
    return None if box is None else schemas.Box(start=list(box.start), stop=list(box.stop))


def advice_document(advice: Advice, *, axis: int, target_dice: float) -> schemas.Advice:
    """Return advice for the slices across an axis."""
    return schemas.Advice(
        axis=axis,
        next=[
            schemas.Suggestion(index=item.index, reason=item.reason, gain=item.gain)
            for item in advice.suggestions
        ],
        predicted_dice={label: float(dice) for label, dice in advice.predicted_dice.items()},
        stop=advice.is_enough(target_dice),
    )


_SUMMARIES: Mapping[str, Callable[[Any], str]] = {
    "AddClick": lambda c: f"click at row {c['row']}, column {c['col']} of {_slice(c)}",
    "AddClicks": lambda c: f"{len(c['clicks'])} clicks on {_slice(c)}",
    "ClearClicks": lambda c: f"object {c['label']} cleared on {_slice(c)}",
    "PaintMask": lambda c: f"object {c['label']} painted on {_slice(c)}",
    "AcceptSlice": lambda c: f"{_slice(c)} accepted",
    "ReopenSlice": lambda c: f"{_slice(c)} reopened",
    "AddObject": lambda c: f"object {c['label']} added: {c['name']}",
    "RenameObject": lambda c: f"object {c['label']} renamed to {c['name']}",
    "RecolourObject": lambda c: f"object {c['label']} coloured {c['colour']}",
    "SetObjectLocked": lambda c: f"object {c['label']} {'locked' if c['is_locked'] else 'unlocked'}",
    "SetObjectVisible": lambda c: f"object {c['label']} {'shown' if c['is_visible'] else 'hidden'}",
    "RemoveObject": lambda c: f"object {c['label']} removed",
    "Propagate": lambda c: f"propagated across axis {c['axis']}",
    "SetOverlapRule": lambda c: f"overlap rule: {c['rule']}",
    "SetWindow": lambda c: f"window {c['low']:g} to {c['high']:g}",
    "ImportLabelMap": lambda c: "label map imported",
    "Undo": lambda c: "undo",
    "Redo": lambda c: "redo",
    "AdoptWeights": lambda c: "went on with other weights",
}


def _slice(command: Any) -> str:
    return f"slice {command['index']} across axis {command['axis']}"


def history_document(entries: tuple[HistoryEntry, ...]) -> schemas.History:
    """Return all entries with a line of text each."""
    lines = []
    for entry in entries:
        command = to_json(entry.command)
        lines.append(
            schemas.HistoryEntry(
                seq=entry.seq,
                time_utc=entry.time_utc,
                user=entry.user,
                type=command["type"],
                summary=_SUMMARIES[command["type"]](command),
                is_in_force=entry.is_in_force,
            )
        )
    return schemas.History(entries=lines)
