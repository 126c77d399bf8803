"""How many annotated slices does a robot user need, by the strategy that picks the next one?

    python benchmarks/next_slice.py DATA_ROOT --split val --runs FOLDER

DATA_ROOT holds `index.json` with the cases of each split. The robot users are those of `isegformer evaluate
volumes --robot`: every object of every case is segmented alone, in a session, by every strategy; the first
slice is the same for all. Each run is kept in --runs and is not done again; the tables are made from all of
them. One folder holds the runs of one annotator.
"""

import argparse
from collections import OrderedDict
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from isegformer.evaluation.click_methods import WeightsMethod
from isegformer.evaluation.data_folder import CaseList, DataFolder
from isegformer.evaluation.executors import SerialExecutor
from isegformer.evaluation.measuring import do_jobs
from isegformer.evaluation.record_json import volume_record_from_json
from isegformer.evaluation.records import VolumeRecord
from isegformer.evaluation.result_log import CONFIGURATION, ResultLog
from isegformer.evaluation.robot_evaluation import RobotEvaluation, setting_of
from isegformer.evaluation.robot_summary import reached_at
from isegformer.evaluation.robot_user import RobotBudget
from isegformer.evaluation.slice_annotators import ANNOTATORS
from isegformer.evaluation.slice_strategies import STRATEGIES
from isegformer.evaluation.volume_cases import VolumeObject, VolumeObjectChoice, find_volume_objects
from isegformer.models import Stcn, load
from isegformer.propagation import PROPAGATION_METHODS, PropagationMethod

VOLUMES = {"volumes/chaos_t2": 2, "volumes/hippocampus": 1}
"""Folders, and the axis across which slices are annotated."""

METHOD = "combined"

DRAWING = ("random",)
"""Strategies that are run once for each seed."""

MOST_KEYS = 512
"""Slices whose keys are kept: more than a volume has."""


@dataclass(frozen=True, kw_only=True)
class WithKeptKeys:
    """The method, with a network that encodes a slice once, however often robot users come back to it."""

    weights: str
    name: str = METHOD

    def load(self) -> PropagationMethod:
        """Return the method."""
        network = load(self.weights)
        assert isinstance(network, Stcn)
        keys: OrderedDict[bytes, object] = OrderedDict()
        encode_key = network.encode_key

        def kept(frame):
            place = frame.numpy().tobytes()
            if place not in keys:
                keys[place] = encode_key(frame)
                if len(keys) > MOST_KEYS:
                    keys.popitem(last=False)
            return keys[place]

        network.encode_key = kept
        return PROPAGATION_METHODS[METHOD](lambda: network)

    def describe(self) -> dict[str, str]:
        """Return method and weights."""
        return {"method": METHOD, "weights": self.weights}


def data_folder(root: Path, folder: str, *, split: str) -> DataFolder:
    """Return the cases of a split."""
    return DataFolder(
        name=folder.split("/")[1],
        path=root / folder,
        case_lists=(CaseList(index_file=root / "index.json", split=split),),
    )


def objects_of(
    folder: DataFolder, choice: VolumeObjectChoice, *, first: int, limit: int | None
) -> list[VolumeObject]:
    """Return the objects of some cases of a folder, by case."""
    found = find_volume_objects(folder, choice).objects
    names = list(dict.fromkeys(item.case for item in found))[first:][:limit]
    return [item for item in found if item.case in names]


def evaluation_of(arguments: argparse.Namespace, folder: str) -> RobotEvaluation:
    """Return the robot users for a folder."""
    return RobotEvaluation(
        folders=(data_folder(arguments.data_root, folder, split=arguments.split),),
        choice=VolumeObjectChoice(axis=VOLUMES[folder]),
        methods=(WithKeptKeys(weights=arguments.weights),),
        strategies=tuple(arguments.strategies),
        clicks=WeightsMethod(
            name=arguments.click_weights, weights=arguments.click_weights, protocol="own", device="cpu"
        ),
        annotator=arguments.annotator,
        budget=RobotBudget(most_slices=arguments.most_slices, enough_dice=arguments.enough),
        draws=arguments.seeds,
    )


def measure(arguments: argparse.Namespace) -> list[VolumeRecord]:
    """Do the runs that are not in the folder yet; return all."""
    chosen = ("split", "annotator", "most_slices", "enough", "weights", "click_weights")
    log = ResultLog(
        arguments.runs,
        {name: getattr(arguments, name) for name in chosen},
        from_json=volume_record_from_json,
        is_resumed=(arguments.runs / CONFIGURATION).exists(),
    )
    with closing(log):
        for folder in VOLUMES if arguments.only is None else [arguments.only]:
            evaluation = evaluation_of(arguments, folder)
            objects = objects_of(
                evaluation.folders[0], evaluation.choice, first=arguments.first, limit=arguments.limit
            )
            jobs = [job for job in evaluation.jobs(objects) if job.draw == 0 or job.strategy in DRAWING]
            do_jobs(
                jobs,
                evaluation.make_worker,
                executor=SerialExecutor(),
                keeper=log,
                failed=lambda key, error: VolumeRecord(key=key, error=error),
            )
        return [record for record in log.records.values() if record.error is None]


def is_by(run: VolumeRecord, strategy: str) -> bool:
    """Tell whether a run is one of a strategy, whatever its draw."""
    return run.key.setting.split(",")[0] == setting_of(strategy)


def slices_needed(run: VolumeRecord, *, enough: float, most: int) -> int:
    """Return the number of annotated slices at which a Dice was reached; one more than `most` if never."""
    place = reached_at(run, enough=enough)
    return most + 1 if place is None else place + 1


def effort_table(runs: list[VolumeRecord], *, enough: float, most: int, reference: str) -> list[str]:
    """Return lines: slices and clicks needed by each strategy, its share that got there, intervals over
    objects."""
    lines = [f"| set | strategy | runs | slices | clicks | reached | slices, less those of {reference} |"]
    lines.append("|---|---|---|---|---|---|---|")
    for folder in sorted({run.key.dataset for run in runs}):
        for name in STRATEGIES:
            some = [run for run in runs if run.key.dataset == folder and is_by(run, name)]
            if some:
                needed = [slices_needed(run, enough=enough, most=most) for run in some]
                clicks = [run.n_clicks for run in some]
                low, high = interval(by_object(some, enough=enough, most=most))
                lines.append(
                    f"| {folder} | {name} | {len(some)} | {np.mean(needed):.2f} ({low:.2f} to "
                    f"{high:.2f}) | {np.mean(clicks):.1f} | {np.mean(np.array(needed) <= most):.2f} | "
                    f"{against(runs, folder, (name, reference), enough=enough, most=most)} |"
                )
    return lines


def by_object(runs: list[VolumeRecord], *, enough: float, most: int) -> dict[tuple[str, int], float]:
    """Return the mean number of slices needed for each object, over seeds."""
    objects = {(run.key.case, run.key.label) for run in runs}
    return {
        item: float(
            np.mean(
                [
                    slices_needed(run, enough=enough, most=most)
                    for run in runs
                    if (run.key.case, run.key.label) == item
                ]
            )
        )
        for item in sorted(objects)
    }


def interval(values: dict[tuple[str, int], float]) -> tuple[float, float]:
    """Return a bootstrap 95 % interval of the mean; whole cases are drawn, because their objects are
    alike."""
    rng = np.random.default_rng(0)
    cases = sorted({case for case, _ in values})
    groups = [[value for (case, _), value in values.items() if case == name] for name in cases]
    means = [
        np.mean(np.concatenate([groups[place] for place in rng.integers(len(groups), size=len(groups))]))
        for _ in range(2000)
    ]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def against(runs: list[VolumeRecord], folder: str, pair: tuple[str, str], *, enough: float, most: int) -> str:
    """Return by how many slices the first of two strategies needs more than the second, with its interval."""
    ours, other = (
        by_object(
            [run for run in runs if run.key.dataset == folder and is_by(run, strategy)],
            enough=enough,
            most=most,
        )
        for strategy in pair
    )
    difference = {item: ours[item] - other[item] for item in ours if item in other}
    if pair[0] == pair[1] or not difference:
        return ""
    low, high = interval(difference)
    return f"{np.mean(list(difference.values())):+.2f} ({low:+.2f} to {high:+.2f})"


def calibration_table(runs: list[VolumeRecord]) -> list[str]:
    """Return lines: predicted and true Dice, in bins of the predicted one."""
    edges = (0.0, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0001)
    lines = ["| set | predicted | steps | mean predicted | mean true | mean absolute error |"]
    lines.append("|---|---|---|---|---|---|")
    for folder in sorted({run.key.dataset for run in runs}):
        some = [run for run in runs if run.key.dataset == folder]
        predicted = np.concatenate([run.predicted_dice for run in some])
        true = np.array([dice for run in some for *_, dice in run.curve])
        for low, high in [*pairwise(edges), (0.0, 1.0001)]:
            inside = (predicted >= low) & (predicted < high)
            if inside.any():
                lines.append(
                    f"| {folder} | {low:.2f} to {min(high, 1.0):.2f} | {inside.sum()} | "
                    f"{predicted[inside].mean():.3f} | {true[inside].mean():.3f} | "
                    f"{np.abs(predicted - true)[inside].mean():.3f} |"
                )
    return lines


def stopping_table(runs: list[VolumeRecord], *, targets: tuple[float, ...] = (0.8, 0.85, 0.9)) -> list[str]:
    """Return lines: the true Dice where the predicted one first reaches a target."""
    lines = [
        "| set | strategy | target | stopped | slices then | true Dice then | share of these at target |"
    ]
    lines.append("|---|---|---|---|---|---|---|")
    for folder in sorted({run.key.dataset for run in runs}):
        for name in STRATEGIES:
            some = [run for run in runs if run.key.dataset == folder and is_by(run, name)]
            for target in targets if some else ():
                places = [_first(run.predicted_dice, target) for run in some]
                true = np.array(
                    [
                        run.curve[place][2]
                        for run, place in zip(some, places, strict=True)
                        if place is not None
                    ]
                )
                slices = [place + 1 for place in places if place is not None]
                if slices:
                    lines.append(
                        f"| {folder} | {name} | {target} | {len(slices)} of {len(some)} | "
                        f"{np.mean(slices):.1f} | {true.mean():.3f} ({true.std():.3f}) | "
                        f"{np.mean(true >= target):.2f} |"
                    )
    return lines


def _first(values: tuple[float, ...], target: float) -> int | None:
    return next((place for place, value in enumerate(values) if value >= target), None)


def parse() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data_root", type=Path)
    parser.add_argument("--runs", type=Path, required=True, help="folder of runs")
    parser.add_argument("--split", default="val")
    parser.add_argument("--only", choices=sorted(VOLUMES), help="a folder")
    parser.add_argument("--first", type=int, default=0, help="cases of the split to pass over")
    parser.add_argument("--limit", type=int, help="cases of each folder")
    parser.add_argument("--strategies", nargs="+", choices=list(STRATEGIES), default=list(STRATEGIES))
    parser.add_argument("--against", choices=list(STRATEGIES), default="even", help="to compare with")
    parser.add_argument("--seeds", type=int, default=3, help="of strategies that draw")
    parser.add_argument("--annotator", choices=list(ANNOTATORS), default="truth")
    parser.add_argument("--most-slices", type=int, default=12)
    parser.add_argument("--enough", type=float, default=0.9, help="Dice at which a run ends")
    parser.add_argument("--weights", default="stcn-small")
    parser.add_argument("--click-weights", default="compact")
    return parser.parse_args()


def main() -> None:
    """Measure what is missing and print the tables."""
    arguments = parse()
    runs = measure(arguments)
    tables = (
        effort_table(
            runs,
            enough=arguments.enough,
            most=arguments.most_slices,
            reference=arguments.against,
        ),
        calibration_table(runs),
        stopping_table(runs),
    )
    print("\n\n".join("\n".join(table) for table in tables))


if __name__ == "__main__":
    main()
