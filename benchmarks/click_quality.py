"""Clicks that a network needs on the validation split of a data folder.

    python benchmarks/click_quality.py DATA_ROOT --weights compact --json out.json

DATA_ROOT holds `index.json` with the cases of the split `val` of each folder (of grabcut: `benchmark`). Of
folders of slices every label value is an object; of volumes, each object on its largest slice across an axis.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isegformer.datasets import open_cases, read_split
from isegformer.evaluation import MAX_CLICKS, clicks_needed, run_clicks
from isegformer.interaction import SlicePredictor, load_predictor
from isegformer.slicing import Plane, slice_view
from isegformer.types import FloatArray, Mask
from isegformer.volume import apply_window, default_window

THRESHOLDS = (0.80, 0.85, 0.90)
IGNORED_LABEL = 255
"""Of grabcut: pixels without a known class."""


@dataclass(frozen=True, kw_only=True)
class Slices:
    """A folder of slices whose labels are objects."""

    split: str = "val"
    least_area_px: int = 1
    """Smaller objects do not count."""


SLICES = {
    "slices/sunnybrook": Slices(),
    "slices/fetal_head": Slices(),
    "slices/nuclei": Slices(least_area_px=100),
    "slices/coco_objects": Slices(),
    "slices/grabcut": Slices(split="benchmark"),
}
VOLUMES = {"volumes/chaos_t2": 2, "volumes/hippocampus": 1}
"""Folders of volumes, and the axis across which they are cut."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """An object on a slice."""

    image: FloatArray
    target: Mask
    ignored: Mask


def slice_cases(root: Path, folder: str, config: Slices) -> Iterator[Case]:
    """Yield every object of the slices of a split of a folder."""
    names = read_split(root / "index.json", folder=folder, split=config.split)
    cases = open_cases("slices", root / folder, cases=names)
    for number in range(len(names)):
        labelled = cases.read(number)
        ignored = labelled.ignored | (labelled.labels == IGNORED_LABEL)
        for value in np.unique(labelled.labels[(labelled.labels > 0) & ~ignored]):
            target = labelled.labels == value
            if np.count_nonzero(target) >= config.least_area_px:
                yield Case(image=labelled.image, target=target, ignored=ignored)


def volume_cases(root: Path, folder: str, axis: int) -> Iterator[Case]:
    """Yield every object of the validation volumes, on its largest slice across `axis`."""
    names = read_split(root / "index.json", folder=folder, split="val")
    cases = open_cases("volumes", root / folder, cases=names)
    for number in range(len(names)):
        case = cases.read(number)
        labels = case.label_map.labels
        image = apply_window(case.volume.voxels, default_window(case.volume))
        others = tuple(other for other in range(3) if other != axis)
        for value in np.unique(labels[labels > 0]):
            index = int(np.count_nonzero(labels == value, axis=others).argmax())
            plane = Plane(axis=axis, index=index)
            target = slice_view(labels, plane) == value
            yield Case(image=slice_view(image, plane), target=target, ignored=np.zeros_like(target))


def cases_of(root: Path, folder: str) -> list[Case]:
    """Return every object of a folder of SLICES or VOLUMES."""
    if folder in SLICES:
        return list(slice_cases(root, folder, SLICES[folder]))
    return list(volume_cases(root, folder, VOLUMES[folder]))


def measure(predictor: SlicePredictor, cases: list[Case]) -> dict[str, object]:
    """Return NoC, failures and seconds per click over the cases."""
    runs, seconds = [], []
    for case in cases:
        start = time.perf_counter()
        run = run_clicks(predictor, case.image, case.target, ignored=case.ignored, stop_iou=max(THRESHOLDS))
        seconds.append((time.perf_counter() - start) / len(run.clicks))
        runs.append(run)
    needed = {t: [clicks_needed(run.ious, t) for run in runs] for t in THRESHOLDS}
    return {
        "cases": len(runs),
        "noc": {f"{t * 100:.0f}": round(float(np.mean(n)), 3) for t, n in needed.items()},
        "noc_std": {f"{t * 100:.0f}": round(float(np.std(n)), 3) for t, n in needed.items()},
        "failures": {f"{t * 100:.0f}": sum(bool(max(run.ious) < t) for run in runs) for t in THRESHOLDS},
        "iou_after": {
            k: round(float(np.mean([r.ious[min(k, len(r.ious)) - 1] for r in runs])), 3) for k in (1, 3, 5)
        },
        "seconds_per_click": {"median": round(float(np.median(seconds)), 4)},
    }


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data_root", type=Path)
    parser.add_argument("--weights", default="compact")
    parser.add_argument("--only", help="a folder, such as volumes/chaos_t2")
    parser.add_argument("--limit", type=int, default=None, help="at most this many cases of a folder")
    parser.add_argument("--json", type=Path, default=None)
    arguments = parser.parse_args()
    predictor = load_predictor(arguments.weights)
    report: dict[str, object] = {"weights": arguments.weights, "max_clicks": MAX_CLICKS, "datasets": {}}
    for folder in [*SLICES, *VOLUMES]:
        if arguments.only in (None, folder):
            result = measure(predictor, cases_of(arguments.data_root, folder)[: arguments.limit])
            print(folder, json.dumps(result), flush=True)
            report["datasets"][folder.split("/")[1]] = result
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
