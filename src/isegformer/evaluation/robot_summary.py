"""From the records of robot users to the numbers that are reported, as JSON; see docs/evaluation.md."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from isegformer.evaluation.records import VolumeRecord
from isegformer.evaluation.robot_evaluation import setting_of
from isegformer.evaluation.robot_user import RobotBudget
from isegformer.evaluation.statistics import Estimate, bootstrap_mean

ENOUGH_DICE = 0.9
"""Of a volume that a person would call done."""

CLICK_STEP = 5
"""Between two points of the curve over clicks."""


def robot_summary(
    records: Sequence[VolumeRecord],
    *,
    datasets: Sequence[str],
    methods: Sequence[str],
    strategies: Sequence[str],
    budget: RobotBudget,
    seed: int = 0,
) -> dict[str, Any]:
    """Return the numbers of every strategy, by dataset and method; empty without a strategy.

    Parameters
    ----------
    datasets, methods, strategies : names, in the order of the report
    seed : of the bootstrap
    """
    return {
        dataset: {
            method: {
                strategy: _summary(
                    [
                        record
                        for record in records
                        if (record.key.dataset, record.key.method, record.key.setting)
                        == (dataset, method, setting_of(strategy))
                    ],
                    enough=enough_of(budget),
                    seed=seed,
                )
                for strategy in strategies
            }
            for method in methods
        }
        for dataset in (datasets if strategies else ())
    }


def enough_of(budget: RobotBudget) -> float:
    """Return the Dice that is asked for: robots that are content with less never get to ENOUGH_DICE."""
    return min(ENOUGH_DICE, budget.enough_dice)


def _summary(records: Sequence[VolumeRecord], *, enough: float, seed: int) -> dict[str, Any]:
    """Return the numbers of one strategy; None where there is no case to take them from."""
    measured = [record for record in records if record.error is None]
    reached = [(place, r) for r in measured if (place := reached_at(r, enough=enough)) is not None]
    most_slices = max((len(record.curve) for record in measured), default=0)
    most_clicks = max((record.n_clicks for record in measured), default=0)
    return {
        "cases": len(measured),
        "dice_by_slices": {
            str(slices): _described([dice_after(r, slices=slices) for r in measured], measured, seed=seed)
            for slices in range(1, most_slices + 1)
        },
        "dice_by_clicks": {
            str(clicks): _described([dice_within(r, clicks=clicks) for r in measured], measured, seed=seed)
            for clicks in range(CLICK_STEP, most_clicks + CLICK_STEP, CLICK_STEP)
        },
        "enough": {
            "dice": enough,
            "share": _described(
                [float(reached_at(r, enough=enough) is not None) for r in measured], measured, seed=seed
            ),
            "slices": _described([r.curve[p][0] for p, r in reached], [r for _, r in reached], seed=seed),
            "clicks": _described([r.curve[p][1] for p, r in reached], [r for _, r in reached], seed=seed),
        },
        "seconds": {"median": float(np.median([r.seconds for r in measured])) if measured else None},
        "failed_cases": len(records) - len(measured),
    }


def dice_after(record: VolumeRecord, *, slices: int) -> float:
    """Return the Dice after so many annotated slices; who stopped before keeps the last."""
    return record.curve[min(slices, len(record.curve)) - 1][2]


def dice_within(record: VolumeRecord, *, clicks: int) -> float:
    """Return the Dice after the last slice that was finished within so many clicks; 0 before the first."""
    return next((dice for _, spent, dice in reversed(record.curve) if spent <= clicks), 0.0)


def reached_at(record: VolumeRecord, *, enough: float) -> int | None:
    """Return at which point of the curve a Dice is reached first; None if never."""
    return next((place for place, (_, _, dice) in enumerate(record.curve) if dice >= enough), None)


def _described(
    values: Sequence[float], records: Sequence[VolumeRecord], *, seed: int
) -> dict[str, Any] | None:
    """Return mean and interval, the objects of one volume drawn together."""
    if not values:
        return None
    estimate: Estimate = bootstrap_mean(
        values, groups=[(record.key.dataset, record.key.case) for record in records], seed=seed
    )
    return {"mean": estimate.mean, "low": estimate.low, "high": estimate.high, "n": estimate.n}
