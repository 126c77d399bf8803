"""What all evaluations have in common: where they run, where records go, what stands around the numbers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from isegformer.cli.evaluation_output import PRINTED, CaseViews, check_json_file
from isegformer.cli.reporter import Reporter
from isegformer.evaluation.data_folder import CaseList, DataFolder, parse_case_list, unique_names
from isegformer.evaluation.environment import describe_environment
from isegformer.evaluation.executors import Executor, ExecutorRequest, make_executor
from isegformer.evaluation.measuring import MemoryKeeper, RecordKeeper, RecordT
from isegformer.evaluation.result_log import ResultLog


@dataclass(frozen=True, kw_only=True)
class EvaluationRun:
    """Where an evaluation runs and what it leaves behind; results do not depend on it."""

    workers: int | None
    ray: str | None
    output: Path | None
    is_resumed: bool
    json_file: Path | None
    views: CaseViews

    def check(self) -> None:
        """Raise, before hours are spent on measuring, what would go wrong when files are written."""
        check_json_file(self.json_file)
        self.views.check()

    def reporter(self) -> Reporter:
        """Return what tells a person; where the summary is printed, nothing else is."""
        return Reporter(is_json=self.json_file == PRINTED)

    def place(self, device: str) -> "Place":
        """Return where jobs run; DependencyError where that is not installed."""
        request = ExecutorRequest(
            workers=self.workers, address=self.ray, gpus_per_worker=1 if device.startswith("cuda") else 0
        )
        return Place(name=request.name, device=device, executor=make_executor(request))

    @contextmanager
    def keeper(
        self, configuration: Mapping[str, Any], *, from_json: Callable[[Mapping[str, Any]], RecordT]
    ) -> Iterator[RecordKeeper[RecordT]]:
        """Give what keeps records, those of an earlier run in the same folder included; see `ResultLog`."""
        if self.output is None:
            yield MemoryKeeper()
            return
        log = ResultLog(self.output, configuration, from_json=from_json, is_resumed=self.is_resumed)
        with closing(log):
            yield log


@dataclass(frozen=True, kw_only=True)
class Place:
    """An executor, and what results say of it."""

    name: str
    """One of `executors.EXECUTORS`."""
    device: str
    executor: Executor

    def describe(self) -> dict[str, Any]:
        """Return versions, machine and executor, as plain values."""
        return {
            **describe_environment(self.device),
            "executor": self.name,
            "workers": self.executor.n_workers,
        }


class Described(Protocol):
    """A method that is measured."""

    @property
    def name(self) -> str:
        """What results call it."""
        ...

    def describe(self) -> dict[str, str]:
        """Return what the configuration of an evaluation keeps of it."""
        ...


@dataclass(frozen=True, kw_only=True)
class EvaluationRequest:
    """What the command line asks of every evaluation, as far as results depend on it."""

    paths: tuple[Path, ...]
    form: str | None
    split: str
    case_lists: tuple[str, ...]
    axis: int | None
    labels: tuple[int, ...]
    limit: int | None
    seed: int
    threads: int
    device: str
    runtime: str

    def folders(self) -> tuple[DataFolder, ...]:
        """Return the folders, each with a name of its own."""
        paths = [path.resolve() for path in self.paths]
        return tuple(
            DataFolder(name=name, path=path, form=self.form, split=self.split, case_lists=self.lists())
            for name, path in zip(unique_names(paths), paths, strict=True)
        )

    def lists(self) -> tuple[CaseList, ...]:
        """Return the lists of cases."""
        return tuple(parse_case_list(text) for text in self.case_lists)

    def configuration(self, methods: Sequence[Described], *, described: Sequence[str]) -> dict[str, Any]:
        """Return every choice that the results depend on, as plain values with absolute paths.

        Parameters
        ----------
        described : fields that the methods stand for
        """
        chosen = {name: value for name, value in asdict(self).items() if name not in ("paths", *described)}
        return {
            "paths": {folder.name: str(folder.path) for folder in self.folders()},
            "methods": {method.name: method.describe() for method in methods},
            **chosen,
            "case_lists": [f"{entry.index_file}:{entry.split}" for entry in self.lists()],
        }


def named_weights(weights: Sequence[str]) -> list[tuple[str, str]]:
    """Return a short name, each another, and the name or the whole path of every file of weights."""
    absolute = [str(Path(text).resolve()) if Path(text).is_file() else text for text in weights]
    return list(zip(unique_names([Path(text) for text in absolute]), absolute, strict=True))
