"""What `isegformer demo` does; apart from its command so that `--help` imports nothing heavy."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from isegformer.cli.axis_choice import axis_of_clicks
from isegformer.cli.clicks_file import read_clicks_file
from isegformer.cli.demo_report import DemoReport, RoundReport, report_view
from isegformer.cli.extras import require_extra
from isegformer.cli.networks import as_propagation, choose_device
from isegformer.cli.reporter import Reporter
from isegformer.demo import DemoPlan, Scene, brain_scene, run_rounds, write_sheet
from isegformer.errors import ClickError, VolumeWriteError
from isegformer.interaction import load_predictor
from isegformer.propagation import load_method
from isegformer.session import Session
from isegformer.volume import Geometry, Volume, read_volume, write_label_map
from isegformer.workflow import apply_clicks, apply_propagation, temporary_session

MASK_NAME = "mask.nii.gz"
SHEET_NAME = "sheet.png"


@dataclass(frozen=True, kw_only=True)
class DemoRequest:
    """What the command line asks for."""

    volume: Path | None
    """None: the brain template, with a simulated user."""
    clicks: Path | None
    output: Path
    axis: int | None
    method: str
    spacing_mm: tuple[float, float, float] | None
    weights: str
    propagation_weights: str
    device: str
    runtime: str


def run_demo(request: DemoRequest, *, reporter: Reporter) -> None:
    """Segment, write mask and picture, and report; raises IsegformerError where that cannot be done."""
    if request.volume is None:
        require_extra("demo", modules=("nilearn", "matplotlib"))
        report = _with_simulated_user(request, reporter=reporter)
    else:
        require_extra("demo", modules=("matplotlib",))
        report = _with_own_clicks(request, request.volume, reporter=reporter)
    reporter.result(report.record(), view=report_view(report))


def _with_simulated_user(request: DemoRequest, *, reporter: Reporter) -> DemoReport:
    reporter.note("loading the brain template")
    scene = brain_scene()
    if request.axis is not None:
        scene = Scene(name=scene.name, volume=scene.volume, goal=scene.goal, axis=request.axis)
    with _session(request, scene.volume, reporter=reporter) as session:
        with reporter.progress("slices") as on_slice:
            results = run_rounds(session, scene, plan=DemoPlan(), method=request.method, on_slice=on_slice)
        rounds = [
            RoundReport(
                name=name,
                slices=result.slices,
                clicks=result.clicks,
                seconds_per_click=result.click_seconds / result.clicks if result.clicks else None,
                seconds_per_slice=result.propagation_seconds / max(result.predicted_slices, 1),
                dice=result.dice,
            )
            for name, result in zip(("first", "refined"), results, strict=True)
        ]
        return _written(
            session, request, axis=scene.axis, rounds=rounds, title=f"T1 brain template: {scene.name}"
        )


def _with_own_clicks(request: DemoRequest, path: Path, *, reporter: Reporter) -> DemoReport:
    volume = read_volume(path, spacing_mm=request.spacing_mm)
    if request.clicks is None:
        raise ClickError(
            f"no clicks for {path}; write them to a file and give it with CLICKS=clicks.json (--clicks), "
            f"for example, with the voxel in the middle of your volume: {_example(volume.geometry)} "
            "(see docs/clicks-file.md)"
        )
    objects = read_clicks_file(request.clicks, geometry=volume.geometry)
    axis = axis_of_clicks(objects, geometry=volume.geometry) if request.axis is None else request.axis
    with _session(request, volume, reporter=reporter) as session:
        with reporter.progress("clicks") as on_progress:
            seconds_per_click = apply_clicks(session, objects, axis=axis, on_progress=on_progress)
        with reporter.progress("slices") as on_progress:
            seconds_per_slice = apply_propagation(
                session, objects, axis=axis, method=request.method, on_progress=on_progress
            )
        first = RoundReport(
            name="your clicks",
            slices=session.annotated(axis),
            clicks=sum(len(item.clicks) for item in objects),
            seconds_per_click=seconds_per_click,
            seconds_per_slice=seconds_per_slice,
            dice=None,
        )
        return _written(session, request, axis=axis, rounds=[first], title=path.name)


@contextmanager
def _session(request: DemoRequest, volume: Volume, *, reporter: Reporter) -> Iterator[Session]:
    """Give a session with the networks of the request; refuses an output folder that cannot be made."""
    try:
        request.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VolumeWriteError(f"cannot make the folder {request.output}: {error}") from error
    device = choose_device(request.device)
    reporter.note(f"loading {request.weights} on {device}")
    predictor = load_predictor(request.weights, device=device, runtime=request.runtime)
    method = load_method(
        request.method, weights=request.propagation_weights, device=device, runtime=request.runtime
    )
    propagations = {request.method: as_propagation(method)}
    with temporary_session(volume, segmenter=predictor, propagations=propagations) as session:
        yield session


def _written(
    session: Session, request: DemoRequest, *, axis: int, rounds: list[RoundReport], title: str
) -> DemoReport:
    """Write mask and picture, and return the report."""
    mask, sheet = request.output / MASK_NAME, request.output / SHEET_NAME
    label_map = session.label_map()
    write_label_map(label_map, mask)
    write_sheet(
        sheet,
        session.volume,
        label_map,
        axis=axis,
        annotated=session.annotated(axis),
        title=title,
        colours={item.label: item.colour for item in session.objects},
    )
    return DemoReport(
        title=title,
        shape=session.volume.geometry.shape,
        axis=axis,
        method=request.method,
        rounds=tuple(rounds),
        mask=mask,
        sheet=sheet,
    )


def _example(geometry: Geometry) -> str:
    middle = [length // 2 for length in geometry.shape]
    clicks = [{"voxel": middle, "positive": True}]
    return json.dumps({"objects": [{"name": "object", "label": 1, "clicks": clicks}]})
