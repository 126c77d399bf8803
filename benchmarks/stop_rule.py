"""What rules for the end of an object give on training volumes: Dice, and what lies beyond the object.

    python benchmarks/stop_rule.py DATA_ROOT --folder volumes/chaos_t2 --axis 2 --cases 5
    python benchmarks/stop_rule.py DATA_ROOT --folder volumes/hippocampus --axis 1 --cases 12

DATA_ROOT holds `index.json` and the folder. Every object is propagated alone, from one and from three slices
of the ground truth.
"""

import argparse
from pathlib import Path

import numpy as np

from isegformer.datasets import read_split
from isegformer.evaluation import dice
from isegformer.evaluation.volume_protocol import spread_inside
from isegformer.propagation import PropagatorConfig, StcnPropagation, StopRule, VolumeSlices
from isegformer.propagation.loading import load_propagation_engine
from isegformer.runtimes import EAGER
from isegformer.volume import default_window, read_label_map, read_volume

RULES = {
    "none": None,
    **{
        f"confidence {least}": StopRule(confidence_fraction=0, min_confidence=least)
        for least in (0.6, 0.8, 0.85, 0.9)
    },
    **{
        f"{part} of the highest confidence": StopRule(confidence_fraction=part, min_confidence=0.6)
        for part in (0.9, 0.93, 0.95, 0.97)
    },
}


def main() -> None:
    """Print one line for each rule and number of annotated slices."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data_root", type=Path)
    parser.add_argument("--folder", default="volumes/chaos_t2")
    parser.add_argument("--axis", type=int, default=2)
    parser.add_argument("--weights", default="stcn-small")
    parser.add_argument("--runtime", default=EAGER)
    parser.add_argument("--cases", type=int, default=3)
    arguments = parser.parse_args()
    network = load_propagation_engine(arguments.weights, device="cpu", runtime=arguments.runtime).engine
    folder, axis = arguments.data_root / arguments.folder, arguments.axis
    results: dict[tuple[int, str], list[tuple[float, int, float]]] = {}
    cases = read_split(arguments.data_root / "index.json", folder=arguments.folder, split="train")
    for case in cases[: arguments.cases]:
        volume = read_volume(folder / f"{case}_image.nii.gz")
        slices = VolumeSlices(volume, axis=axis, window=default_window(volume))
        labels = np.moveaxis(read_label_map(folder / f"{case}_label.nii.gz").labels, axis, 0)
        for value in np.unique(labels[labels > 0]):
            truth = labels == value
            present = np.flatnonzero(truth.any(axis=(1, 2)))
            for count in (1, 3):
                given = {n: truth[n].astype(np.uint16) for n in spread_inside(present, count)}
                for name, rule in RULES.items():
                    method = StcnPropagation(network, config=PropagatorConfig(stop=rule))
                    found = method.propagate(slices, given) > 0
                    beyond = found.copy()
                    beyond[present[0] : present[-1] + 1] = False
                    score = dice(found, truth), int(beyond.any(axis=(1, 2)).sum()), beyond.sum() / truth.sum()
                    results.setdefault((count, name), []).append(score)
    for (count, name), scores in sorted(results.items()):
        overlap, extra_slices, extra_share = np.mean(scores, axis=0)
        print(
            f"{count} slices, {name}: Dice {overlap:.3f}, beyond {extra_slices:.1f} slices, {extra_share:.0%}"
        )


if __name__ == "__main__":
    main()
