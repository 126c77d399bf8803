"""Dice of each propagation method from a few annotated slices, on validation volumes.

    python benchmarks/propagation_quality.py DATA_ROOT --weights stcn-small --json out.json

DATA_ROOT holds `index.json` with the cases of the split `val` of each folder. Per object, the annotated
slices are spread evenly over its extent and taken from the ground truth; Dice is that of the whole volume.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from isegformer.datasets import read_split
from isegformer.evaluation import dice
from isegformer.models import load
from isegformer.propagation import PROPAGATION_METHODS, PropagationMethod, propagate_volume
from isegformer.types import Labels
from isegformer.volume import Volume, default_window, read_label_map, read_volume

VOLUMES = {"volumes/chaos_t2": 2, "volumes/hippocampus": 1}
"""Folders, and the axis across which slices are annotated."""
COUNTS = (1, 3, 5, 10)


def spread_inside(present: Labels, count: int) -> list[int]:
    """Return up to `count` of the slices that hold an object, the outermost half a gap inside its ends."""
    positions = (np.arange(count) + 0.5) / count * len(present) - 0.5
    return sorted({int(present[round(position)]) for position in positions})


def spread_to_ends(present: Labels, count: int) -> list[int]:
    """Return up to `count` of the slices that hold an object, its ends included; of one, the middle."""
    if count == 1:
        return [int(present[len(present) // 2])]
    return sorted({int(present[round(p)]) for p in np.linspace(0, len(present) - 1, count)})


SPREADS = {"inside": spread_inside, "to-ends": spread_to_ends}
"""Where annotated slices lie: methods that only interpolate need the ends, a user rarely gives them."""


def object_dice(
    volume: Volume, truth: Labels, chosen: list[int], *, axis: int, method: PropagationMethod
) -> float:
    """Return the Dice of the object in `truth`, propagated from the chosen slices across `axis`."""
    annotations = {index: np.take(truth, index, axis=axis) for index in chosen}
    result = propagate_volume(volume, annotations, axis=axis, method=method, window=default_window(volume))
    return dice(result > 0, truth > 0)


def measure(
    root: Path, folder: str, axis: int, methods: dict[str, PropagationMethod], *, spread: str
) -> dict[str, object]:
    """Return mean Dice by method and number of annotated slices, and seconds per volume and object."""
    scores: dict[str, dict[str, list[float]]] = {name: {str(n): [] for n in COUNTS} for name in methods}
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    for case in read_split(root / "index.json", folder=folder, split="val"):
        volume = read_volume(root / folder / f"{case}_image.nii.gz")
        labels = read_label_map(root / folder / f"{case}_label.nii.gz").labels
        for value in np.unique(labels[labels > 0]):
            truth = np.where(labels == value, value, 0).astype(np.uint16)
            others = tuple(other for other in range(3) if other != axis)
            present = np.flatnonzero((truth > 0).any(axis=others))
            for name, method in methods.items():
                for count in COUNTS:
                    chosen = SPREADS[spread](present, count)
                    start = time.perf_counter()
                    score = object_dice(volume, truth, chosen, axis=axis, method=method)
                    seconds[name].append(time.perf_counter() - start)
                    scores[name][str(count)].append(score)
    return {
        name: {
            "dice": {n: round(float(np.mean(values)), 4) for n, values in by_count.items()},
            "dice_std": {n: round(float(np.std(values)), 4) for n, values in by_count.items()},
            "objects": len(by_count[str(COUNTS[0])]),
            "seconds_per_object": round(float(np.median(seconds[name])), 3),
        }
        for name, by_count in scores.items()
    }


def main() -> None:
    """Measure and print one JSON object per folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data_root", type=Path)
    parser.add_argument("--weights", default="stcn-small")
    parser.add_argument("--spread", choices=sorted(SPREADS), default="inside")
    parser.add_argument(
        "--methods", nargs="+", choices=list(PROPAGATION_METHODS), default=list(PROPAGATION_METHODS)
    )
    parser.add_argument("--only", help="a folder, such as volumes/chaos_t2")
    parser.add_argument("--json", type=Path, default=None)
    arguments = parser.parse_args()
    network = load(arguments.weights)
    methods = {name: PROPAGATION_METHODS[name](lambda: network) for name in arguments.methods}
    report: dict[str, object] = {"weights": arguments.weights, "spread": arguments.spread, "datasets": {}}
    for folder, axis in VOLUMES.items():
        if arguments.only in (None, folder):
            result = measure(arguments.data_root, folder, axis, methods, spread=arguments.spread)
            print(folder, json.dumps(result), flush=True)
            report["datasets"][folder.split("/")[1]] = result
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
