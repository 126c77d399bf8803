"""What `isegformer segment` does; apart from its command so that `--help` imports nothing heavy."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isegformer.cli.axis_choice import axis_of_clicks
from isegformer.cli.clicks_file import read_clicks_file
from isegformer.cli.mask_output import check_output, objects_record
from isegformer.cli.networks import as_propagation, choose_device
from isegformer.cli.reporter import Reporter
from isegformer.freed_memory import return_large_blocks
from isegformer.interaction import load_predictor
from isegformer.propagation import load_method
from isegformer.session import Session
from isegformer.volume import read_volume, write_label_map
from isegformer.workflow import ClickedObject, apply_clicks, apply_propagation, temporary_session


@dataclass(frozen=True, kw_only=True)
class SegmentRequest:
    """What the command line asks for."""

    volume: Path
    clicks: Path
    output: Path
    axis: int | None
    """None: the axis that fits the clicks."""
    method: str | None
    """Of propagation; None segments the clicked slices only."""
    is_mirrored: bool
    spacing_mm: tuple[float, float, float] | None
    weights: str
    propagation_weights: str
    device: str
    runtime: str


def run_segment(request: SegmentRequest, *, reporter: Reporter) -> None:
    """Read, segment, write and report; raises IsegformerError where that cannot be done."""
    return_large_blocks()
    check_output(request.output, inputs=(request.volume, request.clicks))
    volume = read_volume(request.volume, spacing_mm=request.spacing_mm)
    objects = read_clicks_file(request.clicks, geometry=volume.geometry)
    axis = axis_of_clicks(objects, geometry=volume.geometry) if request.axis is None else request.axis
    device = choose_device(request.device)
    predictor = load_predictor(
        request.weights, device=device, is_mirrored=request.is_mirrored, runtime=request.runtime
    )
    propagations = {}
    if request.method is not None:
        method = load_method(
            request.method, weights=request.propagation_weights, device=device, runtime=request.runtime
        )
        propagations[request.method] = as_propagation(method)
    with temporary_session(volume, segmenter=predictor, propagations=propagations) as session:
        record = _segment(session, objects, axis=axis, request=request, reporter=reporter)
    reporter.result({**record, "device": device})


def _segment(
    session: Session,
    objects: tuple[ClickedObject, ...],
    *,
    axis: int,
    request: SegmentRequest,
    reporter: Reporter,
) -> dict[str, Any]:
    with reporter.progress("clicks") as on_progress:
        seconds_per_click = apply_clicks(session, objects, axis=axis, on_progress=on_progress)
    seconds_per_slice = None
    if request.method is not None:
        with reporter.progress("slices") as on_progress:
            seconds_per_slice = apply_propagation(
                session, objects, axis=axis, method=request.method, on_progress=on_progress
            )
    label_map = session.label_map()
    write_label_map(label_map, request.output)
    found = objects_record(label_map)
    for item in found:
        if item["voxels"] == 0:
            reporter.note(f"warning: nothing was found of {item['name']!r}; click on other places")
    return {
        "output": str(request.output),
        "axis": axis,
        "annotated_slices": list(session.annotated(axis)),
        "objects": found,
        "clicks": sum(len(item.clicks) for item in objects),
        "method": request.method,
        "seconds_per_click": seconds_per_click,
        "seconds_per_slice": seconds_per_slice,
    }
