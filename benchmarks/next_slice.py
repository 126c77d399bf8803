"""How many annotated slices does a robot user need, by the strategy that picks the next one?

    python benchmarks/next_slice.py DATA_ROOT --split val --runs runs.jsonl

DATA_ROOT holds `index.json` with the cases of each split. Every object of every case is segmented alone, in a
session, by every strategy; the first slice is the same for all. Each run is one line of --runs and is not
done again; the tables are made from all lines.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from isegformer.datasets import read_split
from isegformer.evaluation.robot_user import RobotBudget, RobotStep, RobotUser
from isegformer.evaluation.slice_annotators import ClickingAnnotator, SliceAnnotator, TruthAnnotator
from isegformer.evaluation.slice_strategies import STRATEGIES
from isegformer.interaction import load_predictor
from isegformer.models import Stcn, load
from isegformer.propagation import PROPAGATION_METHODS, AdvisingPropagation, PropagationMethod
from isegformer.session import Session, SliceSegmenter, WeightsFingerprint
from isegformer.types import Labels
from isegformer.volume import Volume, read_label_map, read_volume

VOLUMES = {"volumes/chaos_t2": 2, "volumes/hippocampus": 1}
"""Folders, and the axis across which slices are annotated."""

METHOD = "combined"

ANNOTATORS: dict[str, SliceAnnotator] = {"truth": TruthAnnotator(), "clicks": ClickingAnnotator()}

DRAWING = ("random",)
"""Strategies that are run once for each seed."""


@dataclass(frozen=True, kw_only=True)
class Goal:
    """One object to segment."""

    folder: str
    case: str
    label: int
    volume: Volume
    truth: Labels
    axis: int


@dataclass(frozen=True, kw_only=True)
class Run:
    """One robot user on one object."""

    folder: str
    case: str
    label: int
    strategy: str
    annotator: str
    seed: int
    slices: list[int]
    clicks: list[int]
    dice: list[float]
    predicted_dice: list[float]

    @property
    def key(self) -> tuple[object, ...]:
        """What no two runs share."""
        return self.folder, self.case, self.label, self.strategy, self.annotator, self.seed


class Bench:
    """Networks, loaded once. Keys of slices do not depend on what is annotated: they are kept for one
    volume."""

    def __init__(self, *, propagation_weights: str, click_weights: str) -> None:
        network = load(propagation_weights)
        assert isinstance(network, Stcn)
        self._keys: dict[bytes, object] = {}
        encode_key = network.encode_key

        def kept(frame):
            place = frame.numpy().tobytes()
            if place not in self._keys:
                self._keys[place] = encode_key(frame)
            return self._keys[place]

        network.encode_key = kept
        self._method: PropagationMethod = PROPAGATION_METHODS[METHOD](lambda: network)
        self._segmenter: SliceSegmenter = load_predictor(click_weights)

    def forget(self) -> None:
        """Let the keys of the last volume go."""
        self._keys.clear()

    def work(
        self, goal: Goal, user: RobotUser, *, seed: int, watch: Callable[[AdvisingPropagation], None]
    ) -> tuple[RobotStep, ...]:
        """Let a robot user segment a goal in a session of its own; `watch` is given its propagation
        before."""
        propagation = AdvisingPropagation(self._method)
        watch(propagation)
        with (
            tempfile.TemporaryDirectory() as folder,
            Session.create(
                Path(folder) / "session",
                goal.volume,
                segmenter=self._segmenter,
                propagations={METHOD: propagation},
                weights=WeightsFingerprint(click="", propagation=""),
            ) as session,
        ):
            return user.work(
                session,
                goal.truth,
                axis=goal.axis,
                method=METHOD,
                propagation=propagation,
                rng=np.random.default_rng([seed, goal.label]),
            )


def goals(root: Path, folder: str, *, split: str, first: int, limit: int | None) -> Iterator[Goal]:
    """Yield every object of some cases of a split."""
    cases = read_split(root / "index.json", folder=folder, split=split)[first:]
    for case in cases[:limit]:
        volume = read_volume(root / folder / f"{case}_image.nii.gz")
        labels = read_label_map(root / folder / f"{case}_label.nii.gz").labels
        for label in np.unique(labels[labels > 0]):
            truth = np.where(labels == label, label, 0).astype(np.uint16)
            yield Goal(
                folder=folder,
                case=case,
                label=int(label),
                volume=volume,
                truth=truth,
                axis=VOLUMES[folder],
            )


def read_runs(path: Path) -> list[Run]:
    """Return the runs in a file, none if there is no such file."""
    if not path.exists():
        return []
    return [Run(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def measure(arguments: argparse.Namespace) -> None:
    """Do the runs that are not in the file yet."""
    bench = Bench(propagation_weights=arguments.weights, click_weights=arguments.click_weights)
    done = {run.key for run in read_runs(arguments.runs)}
    budget = RobotBudget(most_slices=arguments.most_slices, enough_dice=arguments.enough)
    for folder in VOLUMES if arguments.only is None else [arguments.only]:
        for goal in goals(
            arguments.data_root,
            folder,
            split=arguments.split,
            first=arguments.first,
            limit=arguments.limit,
        ):
            bench.forget()
            for name in arguments.strategies:
                for seed in range(arguments.seeds if name in DRAWING else 1):
                    key = (folder, goal.case, goal.label, name, arguments.annotator, seed)
                    if key not in done:
                        user = RobotUser(
                            annotator=ANNOTATORS[arguments.annotator],
                            strategy=STRATEGIES[name],
                            budget=budget,
                        )
                        steps = bench.work(goal, user, seed=seed, watch=lambda _: None)
                        run = _run(goal, steps, strategy=name, annotator=arguments.annotator, seed=seed)
                        with arguments.runs.open("a", encoding="utf-8") as file:
                            file.write(json.dumps(asdict(run)) + "\n")


def _run(goal: Goal, steps: tuple[RobotStep, ...], *, strategy: str, annotator: str, seed: int) -> Run:
    return Run(
        folder=goal.folder,
        case=goal.case,
        label=goal.label,
        strategy=strategy,
        annotator=annotator,
        seed=seed,
        slices=[step.index for step in steps],
        clicks=[step.clicks for step in steps],
        dice=[round(step.dice[goal.label], 4) for step in steps],
        predicted_dice=[round(step.advice.predicted_dice[goal.label], 4) for step in steps],
    )


def slices_needed(run: Run, *, enough: float, most: int) -> int:
    """Return the number of annotated slices at which a Dice was reached; one more than `most` if never."""
    return next((place for place, dice in enumerate(run.dice, start=1) if dice >= enough), most + 1)


def effort_table(runs: list[Run], *, enough: float, most: int, reference: str) -> list[str]:
    """Return lines: slices and clicks needed by each strategy, its share that got there, intervals over
    objects."""
    lines = [f"| set | strategy | runs | slices | clicks | reached | slices, less those of {reference} |"]
    lines.append("|---|---|---|---|---|---|---|")
    for folder in sorted({run.folder for run in runs}):
        for name in STRATEGIES:
            some = [run for run in runs if run.folder == folder and run.strategy == name]
            if some:
                needed = [slices_needed(run, enough=enough, most=most) for run in some]
                clicks = [sum(run.clicks) for run in some]
                low, high = interval(by_object(some, enough=enough, most=most))
                lines.append(
                    f"| {folder.split('/')[1]} | {name} | {len(some)} | {np.mean(needed):.2f} ({low:.2f} to "
                    f"{high:.2f}) | {np.mean(clicks):.1f} | {np.mean(np.array(needed) <= most):.2f} | "
                    f"{against(runs, folder, (name, reference), enough=enough, most=most)} |"
                )
    return lines


def by_object(runs: list[Run], *, enough: float, most: int) -> dict[tuple[str, int], float]:
    """Return the mean number of slices needed for each object, over seeds."""
    objects = {(run.case, run.label) for run in runs}
    return {
        item: float(
            np.mean(
                [
                    slices_needed(run, enough=enough, most=most)
                    for run in runs
                    if (run.case, run.label) == item
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


def against(runs: list[Run], folder: str, pair: tuple[str, str], *, enough: float, most: int) -> str:
    """Return by how many slices the first of two strategies needs more than the second, with its interval."""
    ours, other = (
        by_object(
            [run for run in runs if run.folder == folder and run.strategy == strategy],
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


def calibration_table(runs: list[Run]) -> list[str]:
    """Return lines: predicted and true Dice, in bins of the predicted one."""
    edges = (0.0, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0001)
    lines = ["| set | predicted | steps | mean predicted | mean true | mean absolute error |"]
    lines.append("|---|---|---|---|---|---|")
    for folder in sorted({run.folder for run in runs}):
        some = [run for run in runs if run.folder == folder]
        predicted = np.concatenate([run.predicted_dice for run in some])
        true = np.concatenate([run.dice for run in some])
        for low, high in [*pairwise(edges), (0.0, 1.0001)]:
            inside = (predicted >= low) & (predicted < high)
            if inside.any():
                lines.append(
                    f"| {folder.split('/')[1]} | {low:.2f} to {min(high, 1.0):.2f} | {inside.sum()} | "
                    f"{predicted[inside].mean():.3f} | {true[inside].mean():.3f} | "
                    f"{np.abs(predicted - true)[inside].mean():.3f} |"
                )
    return lines


def stopping_table(runs: list[Run], *, targets: tuple[float, ...] = (0.8, 0.85, 0.9)) -> list[str]:
    """Return lines: the true Dice where the predicted one first reaches a target."""
    lines = [
        "| set | strategy | target | stopped | slices then | true Dice then | share of these at target |"
    ]
    lines.append("|---|---|---|---|---|---|---|")
    for folder in sorted({run.folder for run in runs}):
        for name in STRATEGIES:
            some = [run for run in runs if run.folder == folder and run.strategy == name]
            for target in targets if some else ():
                places = [_first(run.predicted_dice, target) for run in some]
                true = np.array(
                    [run.dice[place] for run, place in zip(some, places, strict=True) if place is not None]
                )
                slices = [place + 1 for place in places if place is not None]
                if slices:
                    lines.append(
                        f"| {folder.split('/')[1]} | {name} | {target} | {len(slices)} of {len(some)} | "
                        f"{np.mean(slices):.1f} | {true.mean():.3f} ({true.std():.3f}) | "
                        f"{np.mean(true >= target):.2f} |"
                    )
    return lines


def _first(values: list[float], target: float) -> int | None:
    return next((place for place, value in enumerate(values) if value >= target), None)


def parse() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data_root", type=Path)
    parser.add_argument("--runs", type=Path, required=True, help="file of runs, one JSON object a line")
    parser.add_argument("--split", default="val")
    parser.add_argument("--only", choices=sorted(VOLUMES), help="a folder")
    parser.add_argument("--first", type=int, default=0, help="cases of the split to pass over")
    parser.add_argument("--limit", type=int, help="cases of each folder")
    parser.add_argument("--strategies", nargs="+", choices=list(STRATEGIES), default=list(STRATEGIES))
    parser.add_argument("--against", choices=list(STRATEGIES), default="even", help="to compare with")
    parser.add_argument("--seeds", type=int, default=3, help="of strategies that draw")
    parser.add_argument("--annotator", choices=sorted(ANNOTATORS), default="truth")
    parser.add_argument("--most-slices", type=int, default=12)
    parser.add_argument("--enough", type=float, default=0.9, help="Dice at which a run ends")
    parser.add_argument("--weights", default="stcn-small")
    parser.add_argument("--click-weights", default="compact")
    return parser.parse_args()


def main() -> None:
    """Measure what is missing and print the tables."""
    arguments = parse()
    measure(arguments)
    runs = [run for run in read_runs(arguments.runs) if run.annotator == arguments.annotator]
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
