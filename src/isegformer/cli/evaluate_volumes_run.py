"""What `isegformer evaluate volumes` does; apart from its command so that `--help` imports nothing heavy."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import typer
from rich.console import Group

from isegformer.cli.evaluation_output import tell_failures, tell_missing_intervals, write_summary
from isegformer.cli.evaluation_run import EvaluationRequest, EvaluationRun, named_weights
from isegformer.cli.networks import choose_device
from isegformer.cli.reporter import Reporter
from isegformer.cli.robot_tables import robot_tables
from isegformer.cli.volume_tables import fewer_slices_note, volumes_tables
from isegformer.evaluation.click_methods import WeightsMethod
from isegformer.evaluation.executors import Executor
from isegformer.evaluation.measuring import RecordKeeper
from isegformer.evaluation.record_json import volume_record_from_json
from isegformer.evaluation.records import VolumeRecord
from isegformer.evaluation.robot_differences import robot_differences
from isegformer.evaluation.robot_evaluation import RobotEvaluation, carry_out_robots
from isegformer.evaluation.robot_summary import robot_summary
from isegformer.evaluation.robot_user import RobotBudget
from isegformer.evaluation.shape_peers import SHAPE_PEERS, peers_here
from isegformer.evaluation.volume_cases import VolumeObjectChoice
from isegformer.evaluation.volume_evaluation import VolumeEvaluation, carry_out_volumes, plan_volumes
from isegformer.evaluation.volume_methods import ShapePeer, VolumeMethod, methods_with_weights
from isegformer.evaluation.volume_pictures import VolumePictures
from isegformer.evaluation.volume_protocol import EvenSlices, GivenSlices, ListedSlices
from isegformer.evaluation.volume_summary import FORMAT, failures, volume_summary


@dataclass(frozen=True, kw_only=True)
class VolumesRequest(EvaluationRequest):
    """What the command line asks for, as far as results depend on it."""

    counts: tuple[int, ...]
    at: tuple[int, ...]
    spread: str
    weights: tuple[str, ...]
    methods: tuple[str, ...]
    peers: tuple[str, ...] | None
    """None: all that are installed."""
    tolerance_mm: float
    robots: tuple[str, ...]
    """Strategies of robot users."""
    annotator: str
    click_weights: str
    most_slices: int
    most_clicks: int
    enough_dice: float

    def networks(self) -> tuple[VolumeMethod, ...]:
        """Return our methods with all weights, each with a name of its own."""
        return methods_with_weights(
            self.methods, named_weights(self.weights), device=self.device, runtime=self.runtime
        )

    def shape_peers(self) -> tuple[ShapePeer, ...]:
        """Return the methods of others."""
        return tuple(ShapePeer(name=name) for name in (peers_here() if self.peers is None else self.peers))

    def given(self) -> tuple[GivenSlices, ...]:
        """Return the choices of given slices."""
        listed = [ListedSlices(indices=self.at)] if self.at else []
        return (*(EvenSlices(count=count, spread=self.spread) for count in self.counts), *listed)

    def evaluation(self) -> VolumeEvaluation:
        """Return everything that is measured."""
        return VolumeEvaluation(
            folders=self.folders(),
            choice=self.choice(),
            methods=(*self.networks(), *self.shape_peers()),
            given=self.given(),
            tolerance_mm=self.tolerance_mm,
            threads=self.threads,
        )

    def robot_evaluation(self) -> RobotEvaluation:
        """Return what robot users do, with peers too; nothing without a strategy."""
        return RobotEvaluation(
            folders=self.folders(),
            choice=self.choice(),
            methods=(*self.networks(), *self.shape_peers()),
            strategies=self.robots,
            clicks=self.clicks(),
            annotator=self.annotator,
            budget=self.budget(),
            seed=self.seed,
            tolerance_mm=self.tolerance_mm,
            threads=self.threads,
        )

    def budget(self) -> RobotBudget:
        """Return when robot users stop."""
        return RobotBudget(
            most_slices=self.most_slices, most_clicks=self.most_clicks, enough_dice=self.enough_dice
        )

    def clicks(self) -> WeightsMethod:
        """Return what robot users click with."""
        ((name, weights),) = named_weights([self.click_weights])
        return WeightsMethod(
            name=name, weights=weights, protocol="own", device=self.device, runtime=self.runtime
        )

    def choice(self) -> VolumeObjectChoice:
        """Return which objects count."""
        return VolumeObjectChoice(labels=self.labels, axis=self.axis, limit=self.limit, seed=self.seed)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The records of an evaluation of volumes."""

    given: list[VolumeRecord]
    """From slices of the truth; what cannot be used at all comes first."""
    robots: list[VolumeRecord]


def run_evaluate_volumes(request: VolumesRequest, run: EvaluationRun) -> None:
    """Measure, write and tell; IsegformerError where it cannot begin, exit code 1 where a case failed."""
    run.check()
    reporter = run.reporter()
    request = replace(request, device=choose_device(request.device))
    evaluation = request.evaluation()
    _tell_missing_peers(request, reporter)
    configuration = describe_configuration(request, evaluation)
    place = run.place(request.device)
    with run.keeper(configuration, from_json=volume_record_from_json) as keeper:
        measured = _measure(request, evaluation, executor=place.executor, keeper=keeper, reporter=reporter)
    summary = {
        "kind": "volumes",
        "format": FORMAT,
        "configuration": configuration,
        "environment": place.describe(),
        **_numbers(measured, request, evaluation),
    }
    write_summary(summary, output=run.output, json_file=run.json_file)
    pictures = VolumePictures(evaluation.folders, evaluation.choice)
    run.views.write(summary, [*measured.given, *measured.robots], pictures)
    reporter.result(summary, view=Group(volumes_tables(summary), robot_tables(summary)))
    if note := fewer_slices_note(summary):
        reporter.note(note)
    tell_missing_intervals(summary, reporter)
    tell_failures(summary, reporter)
    if summary["failed"]:
        raise typer.Exit(1)


def describe_configuration(request: VolumesRequest, evaluation: VolumeEvaluation) -> dict[str, Any]:
    """Return every choice that the results depend on; the hash of click weights where robots use them."""
    configuration = request.configuration(evaluation.methods, described=("weights", "methods", "peers"))
    if not request.robots:
        return configuration
    return {**configuration, "click_weights": request.clicks().describe()}


def _numbers(measured: Measured, request: VolumesRequest, evaluation: VolumeEvaluation) -> dict[str, Any]:
    datasets = [folder.name for folder in evaluation.folders]
    methods = [method.name for method in request.networks()]
    peers = [peer.name for peer in request.shape_peers()]
    numbers = volume_summary(
        measured.given,
        datasets=datasets,
        methods=methods,
        peers=peers,
        settings={
            given.name: given.count if isinstance(given, EvenSlices) else None for given in evaluation.given
        },
    )
    return {
        **numbers,
        **_robot_numbers(measured.robots, request, datasets=datasets, methods=[*methods, *peers]),
        "failed": [*numbers["failed"], *failures(measured.robots)],
    }


def _robot_numbers(
    records: Sequence[VolumeRecord], request: VolumesRequest, *, datasets: list[str], methods: list[str]
) -> dict[str, Any]:
    """Return what robot users came to; nothing without a strategy."""
    named: dict[str, Any] = {
        "datasets": datasets,
        "methods": methods,
        "strategies": request.robots,
        "budget": request.budget(),
    }
    return {
        "robots": robot_summary(records, **named),
        "robot_differences": robot_differences(records, **named),
    }


def _measure(
    request: VolumesRequest,
    evaluation: VolumeEvaluation,
    *,
    executor: Executor,
    keeper: RecordKeeper[VolumeRecord],
    reporter: Reporter,
) -> Measured:
    robots = request.robot_evaluation()
    for method in evaluation.methods:
        method.load()  # so that what cannot be used ends it here, and not once for every object
    if robots.strategies:
        robots.clicks.load()
    with reporter.progress("cases searched") as on_progress:
        plan = plan_volumes(evaluation, on_progress=on_progress)
    with reporter.progress("objects filled") as on_progress:
        given = carry_out_volumes(plan, executor=executor, keeper=keeper, on_progress=on_progress)
    if not robots.strategies:
        return Measured(given=given, robots=[])
    with reporter.progress("objects by robot users") as on_progress:
        worked = carry_out_robots(
            robots, plan.objects, executor=executor, keeper=keeper, on_progress=on_progress
        )
    return Measured(given=given, robots=worked)


def _tell_missing_peers(request: VolumesRequest, reporter: Reporter) -> None:
    left_out = [name for name in SHAPE_PEERS if name not in peers_here()]
    if request.peers is None and left_out:
        reporter.note(f"left out {', '.join(left_out)}; pip install 'isegformer[itk]' brings it")
