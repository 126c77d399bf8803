"""Fits the numbers of `isegformer.propagation.expected_error` on training volumes.

    python benchmarks/expected_error.py DATA_ROOT

Robot users, given the truth slice by slice, segment every object alone; after every round, the terms of the
expected error of each slice are set against its true error. Weights are not negative, and every object and
both folders count the same. Then predicted Dice = exp(-(LOSS_SCALE * loss) ** LOSS_POWER) is fitted to the
true one.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from next_slice import VOLUMES, WithKeptKeys, data_folder, objects_of
from scipy.optimize import minimize, nnls

from isegformer.evaluation import dice
from isegformer.evaluation.robot_session import work_alone
from isegformer.evaluation.robot_user import RobotBudget, RobotUser
from isegformer.evaluation.slice_annotators import TruthAnnotator
from isegformer.evaluation.slice_strategies import STRATEGIES, Situation
from isegformer.evaluation.volume_cases import VolumeObjectChoice, VolumeReader
from isegformer.evaluation.volume_protocol import VolumeCase
from isegformer.propagation import AdvisingPropagation, PropagationMethod
from isegformer.propagation.advising import step_px
from isegformer.propagation.expected_error import ErrorWeights, ObjectResult, error_terms

USED = ("worst", "even", "random")
"""Strategies that need no advice, so that the fit does not depend on the numbers that it makes."""

TERMS = tuple(asdict(ErrorWeights()))


@dataclass(frozen=True, kw_only=True)
class Round:
    """One result of one object."""

    terms: np.ndarray
    """(T, terms), in px."""
    error: np.ndarray
    """True wrong pixels, (T,)."""
    area: int
    true_area: int
    dice: float


@dataclass(kw_only=True)
class Recorder:
    """A strategy that looks at the situation before it asks another."""

    case: VolumeCase
    label: int
    name: str
    rounds: list[Round]
    propagation: AdvisingPropagation

    def __call__(self, situation: Situation) -> int | None:
        """Take note, then choose."""
        mask, truth = situation.labels > 0, situation.goal > 0
        result = ObjectResult(
            area_px=np.count_nonzero(mask, axis=(1, 2)).astype(float),
            outlines={index: mask[index] for index in situation.annotated},
            evidence=self.propagation.evidence(self.case.axis).of(self.label),
            step_px=step_px(self.case.volume.geometry, axis=self.case.axis),
        )
        terms = error_terms(result)
        self.rounds.append(
            Round(
                terms=np.stack([terms[name] for name in TERMS], axis=1),
                error=np.count_nonzero(mask ^ truth, axis=(1, 2)),
                area=np.count_nonzero(mask),
                true_area=np.count_nonzero(truth),
                dice=dice(mask, truth),
            )
        )
        return STRATEGIES[self.name](situation)


class NoClicks:
    """In place of a click network: slices come from the truth."""


def record(
    case: VolumeCase,
    method: PropagationMethod,
    *,
    label: int,
    name: str,
    rounds: list[Round],
    most_slices: int,
) -> None:
    """Add the rounds of one robot user to `rounds`."""
    propagation = AdvisingPropagation(method)
    user = RobotUser(
        annotator=TruthAnnotator(),
        strategy=Recorder(case=case, label=label, name=name, rounds=rounds, propagation=propagation),
        budget=RobotBudget(most_slices=most_slices, enough_dice=0.985),
    )
    work_alone(
        user,
        case.volume,
        case.target * np.uint16(label),
        axis=case.axis,
        propagation=propagation,
        segmenter=NoClicks(),
        rng=np.random.default_rng([0, label]),
    )


def fitted_weights(folders: list[list[Round]]) -> np.ndarray:
    """Return the weight of each term: least squares of wrong pixels over the object's size, none negative."""
    rows, targets = [], []
    for rounds in folders:
        for one in rounds:
            weight = 1 / (one.true_area * np.sqrt(len(rounds)))
            rows.append(one.terms * weight)
            targets.append(one.error * weight)
    weights, _ = nnls(np.concatenate(rows), np.concatenate(targets))
    return weights


def fitted_mapping(folders: list[list[Round]], weights: np.ndarray) -> tuple[float, float]:
    """Return scale and power of the mapping from loss to Dice, by least squares."""
    loss = np.array([_loss(one, weights) for rounds in folders for one in rounds])
    true = np.array([one.dice for rounds in folders for one in rounds])
    share = np.concatenate([np.full(len(rounds), 1 / len(rounds)) for rounds in folders])

    def misfit(numbers: np.ndarray) -> float:
        scale, power = np.abs(numbers)
        return float(share @ (np.exp(-((scale * loss) ** power)) - true) ** 2)

    scale, power = np.abs(minimize(misfit, [1.5, 1.0], method="Nelder-Mead").x)
    return float(scale), float(power)


def _loss(one: Round, weights: np.ndarray) -> float:
    return float((one.terms @ weights).sum() / (2 * one.area))


def main() -> None:
    """Record, fit and print the numbers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data_root", type=Path)
    parser.add_argument("--limit", type=int, nargs=2, default=(3, 12), help="cases of each folder")
    parser.add_argument("--most-slices", type=int, default=8)
    parser.add_argument("--weights", default="stcn-small")
    arguments = parser.parse_args()
    method = WithKeptKeys(weights=arguments.weights).load()
    folders: list[list[Round]] = []
    for (name, axis), limit in zip(VOLUMES.items(), arguments.limit, strict=True):
        folder = data_folder(arguments.data_root, name, split="train")
        choice = VolumeObjectChoice(axis=axis)
        reader = VolumeReader([folder], choice)
        rounds: list[Round] = []
        for item in objects_of(folder, choice, first=0, limit=limit):
            for used in USED:
                record(
                    reader.read(item),
                    method,
                    label=item.label,
                    name=used,
                    rounds=rounds,
                    most_slices=arguments.most_slices,
                )
        folders.append(rounds)
    weights = fitted_weights(folders)
    scale, power = fitted_mapping(folders, weights)
    error = {
        folder: float(
            np.mean([abs(np.exp(-((scale * _loss(one, weights)) ** power)) - one.dice) for one in rounds])
        )
        for folder, rounds in zip(VOLUMES, folders, strict=True)
    }
    report = {
        "rounds": {folder: len(rounds) for folder, rounds in zip(VOLUMES, folders, strict=True)},
        "weights": dict(zip(TERMS, weights.round(3).tolist(), strict=True)),
        "loss_scale": round(scale, 3),
        "loss_power": round(power, 3),
        "mean_absolute_error_of_dice": error,
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
