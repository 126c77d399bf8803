"""What `isegformer evaluate clicks` does; apart from its command so that `--help` imports nothing heavy."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import typer

from isegformer.cli.click_tables import clicks_tables
from isegformer.cli.evaluation_output import (
    PRINTED,
    CaseViews,
    check_json_file,
    tell_failures,
    write_summary,
)
from isegformer.cli.networks import choose_device
from isegformer.cli.reporter import Reporter
from isegformer.evaluation.cases import ObjectChoice
from isegformer.evaluation.click_evaluation import MemoryKeeper, RecordKeeper, carry_out, plan_clicks
from isegformer.evaluation.click_jobs import ClickEvaluation
from isegformer.evaluation.click_methods import ClickMethod, PeerMethod, WeightsMethod
from isegformer.evaluation.click_replay import ReplayedPictures
from isegformer.evaluation.click_summary import FORMAT, click_summary
from isegformer.evaluation.data_folder import CaseList, DataFolder, parse_case_list, unique_names
from isegformer.evaluation.environment import describe_environment
from isegformer.evaluation.executors import Executor, ExecutorRequest, make_executor
from isegformer.evaluation.record_json import click_record_from_json
from isegformer.evaluation.records import ClickRecord
from isegformer.evaluation.result_log import ResultLog


@dataclass(frozen=True, kw_only=True)
class ClicksRequest:
    """What the command line asks for, as far as results depend on it."""

    paths: tuple[Path, ...]
    weights: tuple[str, ...]
    peers: tuple[str, ...]
    users: tuple[str, ...]
    protocol: str
    form: str | None
    split: str
    case_lists: tuple[str, ...]
    axis: int | None
    at: tuple[int, ...]
    labels: tuple[int, ...]
    ignored_label: int | None
    least_area_px: int
    only_last: bool
    limit: int | None
    seed: int
    threads: int
    device: str

    def folders(self) -> tuple[DataFolder, ...]:
        """Return the folders, each with a name of its own."""
        paths = [path.resolve() for path in self.paths]
        return tuple(
            DataFolder(
                name=name,
                path=path,
                form=self.form,
                split=self.split,
                case_lists=self.lists(),
            )
            for name, path in zip(unique_names(paths), paths, strict=True)
        )

    def lists(self) -> tuple[CaseList, ...]:
        """Return the lists of cases."""
        return tuple(parse_case_list(text) for text in self.case_lists)

    def methods(self) -> tuple[ClickMethod, ...]:
        """Return networks and peers, each with a name of its own."""
        weights = [_absolute(text) for text in self.weights]
        networks = [
            WeightsMethod(name=name, weights=text, protocol=self.protocol, device=self.device)
            for name, text in zip(unique_names([Path(text) for text in weights]), weights, strict=True)
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


@dataclass(frozen=True, kw_only=True)
class ClicksRun:
    """Where an evaluation runs and what it leaves behind; results do not depend on it."""

    workers: int | None
    ray: str | None
    output: Path | None
    is_resumed: bool
    json_file: Path | None
    views: CaseViews


def run_evaluate_clicks(request: ClicksRequest, run: ClicksRun) -> None:
    """Measure, write and tell; IsegformerError where it cannot begin, exit code 1 where a case failed."""
    check_json_file(run.json_file)
    run.views.check()
    reporter = Reporter(is_json=run.json_file == PRINTED)
    request = replace(request, device=choose_device(request.device))
    evaluation = ClickEvaluation(
        folders=request.folders(),
        choice=request.choice(),
        methods=request.methods(),
        users=request.users,
        seed=request.seed,
        threads=request.threads,
    )
    configuration = describe_configuration(request, evaluation)
    is_gpu = request.device.startswith("cuda")
    where = ExecutorRequest(workers=run.workers, address=run.ray, gpus_per_worker=1 if is_gpu else 0)
    executor = make_executor(where)
    records = _records(evaluation, run, configuration=configuration, executor=executor, reporter=reporter)
    environment = {
        **describe_environment(request.device),
        "executor": where.name,
        "workers": executor.n_workers,
    }
    summary = {
        "kind": "clicks",
        "format": FORMAT,
        "configuration": configuration,
        "environment": environment,
        **_numbers(records, evaluation),
    }
    write_summary(summary, output=run.output, json_file=run.json_file)
    run.views.write(summary, records, ReplayedPictures(evaluation))
    reporter.result(summary, view=clicks_tables(summary))
    tell_failures(summary, reporter)
    if summary["failed"]:
        raise typer.Exit(1)


def describe_configuration(request: ClicksRequest, evaluation: ClickEvaluation) -> dict[str, Any]:
    """Return every choice that the results depend on, as plain values with absolute paths."""
    chosen = asdict(request)
    for name in ("paths", "weights", "peers"):
        del chosen[name]
    return {
        "paths": {folder.name: str(folder.path) for folder in evaluation.folders},
        "methods": {method.name: method.describe() for method in evaluation.methods},
        **chosen,
        "case_lists": [f"{entry.index_file}:{entry.split}" for entry in request.lists()],
    }


def _records(
    evaluation: ClickEvaluation,
    run: ClicksRun,
    *,
    configuration: dict[str, Any],
    executor: Executor,
    reporter: Reporter,
) -> list[ClickRecord]:
    """Return all records, those of an earlier run in the same folder included."""
    if run.output is None:
        return _measure(evaluation, executor=executor, keeper=MemoryKeeper(), reporter=reporter)
    log = ResultLog(run.output, configuration, from_json=click_record_from_json, is_resumed=run.is_resumed)
    with closing(log):
        return _measure(evaluation, executor=executor, keeper=log, reporter=reporter)


def _measure(
    evaluation: ClickEvaluation, *, executor: Executor, keeper: RecordKeeper, reporter: Reporter
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


def _absolute(weights: str) -> str:
    """Return a file with its whole path, so that it is found from everywhere; names stay."""
    return str(Path(weights).resolve()) if Path(weights).is_file() else weights
