"""What `isegformer propagate` does; apart from its command so that `--help` imports nothing heavy.

No session here: there are no clicks and no overlaps to rule on, only labels that are all given at once.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from isegformer.cli.axis_choice import annotated_slices, axis_of_annotations
from isegformer.cli.mask_output import check_output, objects_record
from isegformer.cli.networks import choose_device
from isegformer.cli.reporter import Reporter
from isegformer.errors import GeometryError, PropagationError
from isegformer.freed_memory import return_large_blocks
from isegformer.propagation import Advice, EvidenceLog, advise, load_method, propagate_volume, step_px
from isegformer.slicing import Plane, slice_view
from isegformer.types import Labels
from isegformer.volume import LabelMap, Volume, default_window, read_label_map, read_volume, write_label_map

GRID_TOLERANCE_MM = 1e-3
"""How far the grid of the annotations may be from the volume's: files round to 32 bits."""


@dataclass(frozen=True, kw_only=True)
class PropagateRequest:
    """What the command line asks for."""

    volume: Path
    annotations: Path
    output: Path
    axis: int | None
    """None: the axis that fits the annotations."""
    method: str
    spacing_mm: tuple[float, float, float] | None
    weights: str
    device: str
    runtime: str
    suggest: int
    """How many slices to suggest."""
    extents: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """First and last slice of objects, by label, for suggestions."""


def run_propagate(request: PropagateRequest, *, reporter: Reporter) -> None:
    """Read, propagate, write and report; raises IsegformerError where that cannot be done."""
    return_large_blocks()
    check_output(request.output, inputs=(request.volume, request.annotations))
    volume = read_volume(request.volume, spacing_mm=request.spacing_mm)
    given = read_label_map(request.annotations)
    _check_grid(given, volume, path=request.annotations)
    axis, indices = _annotated(given, axis=request.axis)
    for label, absent in skipped_slices(given.labels, axis=axis, annotated=indices).items():
        reporter.note(
            f"warning: {given.name_of(label)!r} is not on slices {', '.join(map(str, absent))}, but on "
            "annotated slices before and after them, and so counts as absent there; if it is not, draw it"
        )
    device = choose_device(request.device)
    method = load_method(request.method, weights=request.weights, device=device, runtime=request.runtime)
    log = EvidenceLog()
    started = time.perf_counter()
    with reporter.progress("slices") as on_progress:
        labels = propagate_volume(
            volume,
            {index: np.array(slice_view(given.labels, Plane(axis=axis, index=index))) for index in indices},
            axis=axis,
            method=method,
            window=default_window(volume),
            on_progress=on_progress,
            on_evidence=log if request.suggest else None,
        )
    seconds = time.perf_counter() - started
    label_map = LabelMap(labels, volume.geometry, given.names)
    write_label_map(label_map, request.output)
    record = {
        "output": str(request.output),
        "axis": axis,
        "annotated_slices": indices,
        "objects": objects_record(label_map),
        "method": request.method,
        "seconds_per_slice": seconds / (volume.geometry.shape[axis] - len(indices)),
        "device": device,
    }
    if request.suggest:
        distance_px = step_px(volume.geometry, axis=axis)
        stack = np.moveaxis(labels, axis, 0)
        record |= _advice_record(
            advise(
                stack,
                annotated=indices,
                evidence=log,
                step_px=distance_px,
                extents=request.extents,
                most=request.suggest,
            )
        )
    reporter.result(record)


def skipped_slices(labels: Labels, *, axis: int, annotated: Sequence[int]) -> dict[int, list[int]]:
    """Return, by label, the annotated slices that lack an object which those on both sides of them hold.

    A slice with a label counts as finished for all objects, also for those that nobody has drawn yet.
    """
    held: dict[int, list[int]] = {}
    for index in annotated:
        for label in np.unique(slice_view(labels, Plane(axis=axis, index=index))).tolist():
            held.setdefault(label, []).append(index)
    gaps = {
        label: [n for n in annotated if on[0] < n < on[-1] and n not in on]
        for label, on in sorted(held.items())
        if label
    }
    return {label: absent for label, absent in gaps.items() if absent}


def _annotated(given: LabelMap, *, axis: int | None) -> tuple[int, list[int]]:
    """Return the axis across which slices are annotated, `axis` if that is given, and their indices."""
    fitting = axis_of_annotations(given.labels, geometry=given.geometry)  # refuses an empty mask, too
    chosen = fitting if axis is None else axis
    indices = annotated_slices(given.labels, chosen)
    if not 0 < len(indices) < given.geometry.shape[chosen]:
        raise PropagationError(
            f"all {len(indices)} slices across axis {chosen} hold labels, expected some without; "
            "choose another --axis"
        )
    return chosen, indices


def _advice_record(advice: Advice) -> dict[str, Any]:
    """Return what is predicted and suggested, for a report; labels are text there, as JSON wants it."""
    return {
        "predicted_dice": _rounded(advice.predicted_dice),
        "suggestions": [
            {
                "slice": item.index,
                "gain": round(item.gain, 4),
                "predicted_dice": _rounded(item.predicted_dice),
                "reason": item.reason,
            }
            for item in advice.suggestions
        ],
    }


def _rounded(dice: Mapping[int, float]) -> dict[str, float]:
    return {str(label): round(value, 3) for label, value in dice.items()}


def _check_grid(given: LabelMap, volume: Volume, *, path: Path) -> None:
    if given.geometry.shape != volume.geometry.shape:
        raise GeometryError(
            f"annotations {path} have shape {given.geometry.shape}, expected that of the volume, "
            f"{volume.geometry.shape}; resample them to the volume first"
        )
    if not given.geometry.is_close(volume.geometry, GRID_TOLERANCE_MM):
        raise GeometryError(
            f"annotations {path} lie elsewhere in space than the volume: their affine differs by more than "
            f"{GRID_TOLERANCE_MM} mm; resample them to the volume first"
        )
