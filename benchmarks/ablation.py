"""What a click network should learn from before and beside the labels: the ablation of docs/experiments.md.

    python benchmarks/ablation.py DATA_ROOT --runs FOLDER --networks compact-small hrnet18s --seeds 0 1

Every row trains the recipes of `configs/ablation/` that it names in turn, each from the weights of the one
before, and is then measured on the validation split, as `isegformer evaluate clicks` does. Rows that FOLDER
holds are not trained again. DATA_ROOT holds `index.json` with the splits.
"""

import argparse
import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isegformer.evaluation.cases import ObjectChoice
from isegformer.evaluation.click_evaluation import MemoryKeeper, carry_out, plan_clicks
from isegformer.evaluation.click_jobs import ClickEvaluation
from isegformer.evaluation.click_methods import WeightsMethod
from isegformer.evaluation.click_summary import click_summary
from isegformer.evaluation.data_folder import CaseList, DataFolder
from isegformer.evaluation.executors import SerialExecutor
from isegformer.training.click_run import train_clicks
from isegformer.training.config import ClickTrainingConfig, read_config
from isegformer.training.hardware import Hardware

CONFIGS = Path(__file__).parents[1] / "configs" / "ablation"
ROWS = {
    "labels": ("labels",),
    "superpixels, no label": ("superpixels",),
    "superpixels, then labels": ("superpixels", "labels"),
    "regions, then labels": ("regions", "labels"),
    "synthetic": ("synthetic",),
    "mixed": ("mixed",),
}
"""Name of a row, and the recipes that it is trained with in turn."""

MEASURED: Mapping[str, Mapping[str, int]] = {
    "slices/sunnybrook": {},
    "slices/fetal_head": {},
    "slices/nuclei": {"least_area_px": 100},
    "slices/coco_objects": {},
    "slices/grabcut": {"ignored_label": 255},
    "volumes/chaos_t2": {"axis": 2},
    "volumes/hippocampus": {"axis": 1},
}
"""Folders that a row is measured on, and which objects count."""

SPLITS = ("val", "benchmark")
"""The first that a folder has; grabcut has the second only."""


def trained(row: str, *, network: str, seed: int, data_root: Path, runs: Path) -> Path:
    """Return the weights of a row, trained where they are not there yet."""
    weights = None
    for number in range(1, len(ROWS[row]) + 1):
        recipes = ROWS[row][:number]
        folder = runs / "-".join((network, *recipes, str(seed)))
        overrides: dict[str, Any] = {"architecture": network, "seed": seed}
        if weights is not None:
            overrides["start_from"] = str(weights)
        weights = folder / "weights.safetensors"
        if not weights.exists():
            config = read_config(CONFIGS / f"{recipes[-1]}.yaml", ClickTrainingConfig, overrides=overrides)
            train_clicks(config, data_root=data_root, run_path=folder, hardware=Hardware(device="cpu"))
    assert weights is not None
    return weights


def noc85(weights: Path, *, data_root: Path, limit: int) -> dict[str, float]:
    """Return the mean clicks to IoU 0.85 by folder, on at most `limit` objects of each."""
    lists = tuple(CaseList(index_file=data_root / "index.json", split=split) for split in SPLITS)
    method = WeightsMethod(name="row", weights=str(weights), protocol="own", device="cpu")
    found = {}
    for path, choice in MEASURED.items():
        name = Path(path).name
        evaluation = ClickEvaluation(
            folders=(DataFolder(name=name, path=data_root / path, case_lists=lists),),
            choice=ObjectChoice(limit=limit, **choice),
            methods=(method,),
            users=("centre",),
        )
        records = carry_out(plan_clicks(evaluation), executor=SerialExecutor(), keeper=MemoryKeeper())
        summary = click_summary(records, datasets=[name], methods=[method.name], users=evaluation.users)
        found[name] = round(summary["datasets"][name]["noc"]["85"], 3)
    return found


def main() -> None:
    """Train and measure all rows; print one line of JSON for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data_root", type=Path)
    parser.add_argument("--runs", type=Path, required=True, help="folder of the training runs")
    parser.add_argument("--networks", nargs="+", default=["compact-small"])
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--limit", type=int, default=24, help="objects of each folder")
    arguments = parser.parse_args()
    for seed, network, row in itertools.product(arguments.seeds, arguments.networks, arguments.rows):
        weights = trained(row, network=network, seed=seed, data_root=arguments.data_root, runs=arguments.runs)
        measured = noc85(weights, data_root=arguments.data_root, limit=arguments.limit)
        print(json.dumps({"network": network, "row": row, "seed": seed, "noc85": measured}), flush=True)


if __name__ == "__main__":
    main()
