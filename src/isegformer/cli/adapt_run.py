"""What `isegformer adapt` does; apart from its command so that `--help` imports nothing heavy.

The folder of a run holds `request.json`, what was asked for, and a folder for each network.
"""

import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isegformer.atomic import replace_atomically
from isegformer.cli.extras import require_extra
from isegformer.cli.reporter import Reporter
from isegformer.cli.train_run import MODULES, quiet_trainer
from isegformer.errors import ConfigError

if TYPE_CHECKING:
    from isegformer.adaptation import AdaptationCase, AdaptationReport, Progress

REQUEST = "request.json"
PROPAGATION_SUFFIX = "-propagation"
"""The propagation network's weights are called NAME and this; those of the click network NAME."""


@dataclass(frozen=True, kw_only=True)
class AdaptRequest:
    """What the command line asks for; the device is that of the moment."""

    cases: tuple[str, ...]
    name: str
    networks: str
    """"click", "propagation" or "both"."""
    weights: str
    propagation_weights: str
    axis: int | None
    minutes: float
    seed: int

    @property
    def targets(self) -> dict[str, str]:
        """Names of the new weights, by kind of network."""
        names = {"click": self.name, "propagation": self.name + PROPAGATION_SUFFIX}
        return {kind: name for kind, name in names.items() if self.networks in (kind, "both")}


def start_adapt(request: AdaptRequest, *, run: Path, device: str, is_json: bool) -> None:
    """Begin a run; raises IsegformerError where that cannot be done."""
    require_extra("train", modules=MODULES)
    if (run / REQUEST).exists():
        raise ConfigError(
            f"{run} holds a run already; go on with --resume --run {run}, or choose another --run"
        )
    _check_names(request)
    absolute = AdaptRequest(**{**asdict(request), "cases": tuple(_absolute(case) for case in request.cases)})
    _run(absolute, run=run, device=device, reporter=Reporter(is_json=is_json))


def resume_adapt(run: Path, *, device: str, is_json: bool) -> None:
    """Go on with a run; raises IsegformerError where there is none, or it cannot go on."""
    require_extra("train", modules=MODULES)
    try:
        record = json.loads((run / REQUEST).read_text(encoding="utf-8"))
        request = AdaptRequest(**{**record, "cases": tuple(record["cases"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigError(f"{run} holds no run that can go on: {error}") from error
    _check_names(request)
    _run(request, run=run, device=device, reporter=Reporter(is_json=is_json))


def _run(request: AdaptRequest, *, run: Path, device: str, reporter: Reporter) -> None:
    from isegformer.adaptation import enter, read_cases
    from isegformer.cli.networks import choose_device

    quiet_trainer()
    chosen = choose_device(device)
    cases = read_cases(request.cases, axis=request.axis)
    run.mkdir(parents=True, exist_ok=True)
    with replace_atomically(run / REQUEST) as temporary:
        temporary.write_text(json.dumps(asdict(request), indent=2), encoding="utf-8")
    reports = [
        _adapted(kind, cases, request=request, folder=run / kind, device=chosen, reporter=reporter)
        for kind in request.targets
    ]
    for report in reports:  # at the end, so that a run that is taken up again finds its names free
        enter(report)
    reporter.result({"run": str(run), "networks": [report.to_json() for report in reports]})


def _adapted(
    kind: str,
    cases: Sequence["AdaptationCase"],
    *,
    request: AdaptRequest,
    folder: Path,
    device: str,
    reporter: Reporter,
) -> "AdaptationReport":
    from isegformer.adaptation import adapt_cases

    start_from = {"click": request.weights, "propagation": request.propagation_weights}[kind]
    reporter.note(f"{kind} network: {len(cases)} cases, started from {start_from}")
    with redirect_stdout(sys.stderr):  # the trainer's bars; standard output is for the result
        report = adapt_cases(
            kind,
            cases,
            name=request.targets[kind],
            start_from=start_from,
            folder=folder,
            device=device,
            seed=request.seed,
            minutes=request.minutes,
            on_progress=lambda progress: reporter.note(_progress_line(progress)),
        )
    reporter.note(_verdict(report))
    return report


def _check_names(request: AdaptRequest) -> None:
    from isegformer.models import available, check_new_name

    taken = {entry.name: entry for entry in available()}
    for name in request.targets.values():
        check_new_name(name, taken=taken)


def _absolute(case: str) -> str:
    """Return a case with absolute paths, so that a run can go on from another folder."""
    parts = [case] if Path(case).exists() else case.split("=", 1)
    return "=".join(str(Path(part).resolve()) for part in parts)


def _progress_line(progress: "Progress") -> str:
    left = f"at most {progress.seconds_left / 60:.1f} min left" if progress.seconds_left else "done"
    return (
        f"{progress.kind}, step {progress.step}: {progress.measured:.3f} (best {progress.best:.3f}), "
        f"{progress.seconds / 60:.1f} min, {left}"
    )


def _verdict(report: "AdaptationReport") -> str:
    record = report.record
    change = f"{record.measure}: {record.before:.3f} before, {record.after:.3f} after"
    if report.weights is None:
        return f"{change}. No better, so {record.start_from} stays and nothing is entered."
    return f"{change}. Entered as {record.name}; use it with --weights {record.name}."
