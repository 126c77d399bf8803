"""What `isegformer evaluate clicks` does; apart from its command so that `--help` imports nothing heavy."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import typer

from isegformer.cli.click_tables import clicks_tables
from isegformer.cli.evaluation_output import tell_failures, tell_missing_intervals, write_summary
from isegformer.cli.evaluation_run import EvaluationRequest, EvaluationRun, named_weights
from isegformer.cli.networks import choose_device
from isegformer.cli.reporter import Reporter
from isegformer.evaluation.cases import ObjectChoice
from isegformer.evaluation.click_evaluation import carry_out, plan_clicks
from isegformer.evaluation.click_jobs import ClickEvaluation
from isegformer.evaluation.click_methods import ClickMethod, PeerMethod, WeightsMethod
from isegformer.evaluation.click_replay import ReplayedPictures
from isegformer.evaluation.click_summary import FORMAT, click_summary
from isegformer.evaluation.executors import Executor
from isegformer.evaluation.measuring import RecordKeeper
from isegformer.evaluation.record_json import click_record_from_json
from isegformer.evaluation.records import ClickRecord


@dataclass(frozen=True, kw_only=True)
class ClicksRequest(EvaluationRequest):
    """What the command line asks for, as far as results depend on it."""

    weights: tuple[str, ...]
    peers: tuple[str, ...]
    users: tuple[str, ...]
    protocol: str
    at: tuple[int, ...]
    ignored_label: int | None
    least_area_px: int
    only_last: bool

    def methods(self) -> tuple[ClickMethod, ...]:
        """Return networks and peers, each with a name of its own."""
        networks = [
            WeightsMethod(
                name=name, weights=text, protocol=self.protocol, device=self.device, runtime=self.runtime
            )
            for name, text in named_weights(self.weights)
        ]
        return (*networks, *(PeerMethod(name=name) for name in self.peers))

    def choice(self) -> ObjectChoice:
        """Return which objects count."""
        return ObjectChoice(
            labels=self.labels,
            ignored_label=self.ignored_label,
            least_area_px=self.least_area_px,
            axis=self.axis,
            at=self.at,
            only_last=self.only_last,
            limit=self.limit,
            seed=self.seed,
        )


def run_evaluate_clicks(request: ClicksRequest, run: EvaluationRun) -> None:
    """Measure, write and tell; IsegformerError where it cannot begin, exit code 1 where a case failed."""
    run.check()
    reporter = run.reporter()
    request = replace(request, device=choose_device(request.device))
    evaluation = ClickEvaluation(
        folders=request.folders(),
        choice=request.choice(),
        methods=request.methods(),
        users=request.users,
        seed=request.seed,
        threads=request.threads,
    )
    configuration = request.configuration(evaluation.methods, described=("weights", "peers"))
    place = run.place(request.device)
    with run.keeper(configuration, from_json=click_record_from_json) as keeper:
        records = _measure(evaluation, executor=place.executor, keeper=keeper, reporter=reporter)
    summary = {
        "kind": "clicks",
        "format": FORMAT,
        "configuration": configuration,
        "environment": place.describe(),
        **_numbers(records, evaluation),
    }
    write_summary(summary, output=run.output, json_file=run.json_file)
    run.views.write(summary, records, ReplayedPictures(evaluation))
    reporter.result(summary, view=clicks_tables(summary))
    tell_missing_intervals(summary, reporter)
    tell_failures(summary, reporter)
    if summary["failed"]:
        raise typer.Exit(1)


def _measure(
    evaluation: ClickEvaluation,
    *,
    executor: Executor,
    keeper: RecordKeeper[ClickRecord],
    reporter: Reporter,
) -> list[ClickRecord]:
    for method in evaluation.methods:
        method.load()  # so that weights that cannot be used end it here, and not once for every object
    with reporter.progress("cases searched") as on_progress:
        plan = plan_clicks(evaluation, on_progress=on_progress)
    with reporter.progress("objects clicked") as on_progress:
        return carry_out(plan, executor=executor, keeper=keeper, on_progress=on_progress)


def _numbers(records: Sequence[ClickRecord], evaluation: ClickEvaluation) -> dict[str, Any]:
    return click_summary(
        records,
        datasets=[folder.name for folder in evaluation.folders],
        methods=[method.name for method in evaluation.methods],
        users=evaluation.users,
    )
