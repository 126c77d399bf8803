"""What one way to work gives a robot user more than another, object by object; see docs/evaluation.md."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from isegformer.evaluation.records import VolumeRecord
from isegformer.evaluation.robot_evaluation import setting_of
from isegformer.evaluation.robot_summary import dice_after, dice_within, enough_of, reached_at
from isegformer.evaluation.robot_user import RobotBudget
from isegformer.evaluation.statistics import paired_difference

SLICES_COMPARED = (2, 3, 5, 10)
"""Dice is compared after so many annotated slices; the first slice is the same for all strategies."""

CLICKS_COMPARED = (10, 20, 50, 100)
"""And within so many clicks."""

Quantity: TypeAlias = tuple[str, Callable[[VolumeRecord], float]]
"""Name, and value of a record."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way to work: what fills the other slices, and what picks the next one."""

    method: str
    strategy: str


def robot_differences(
    records: Sequence[VolumeRecord],
    *,
    datasets: Sequence[str],
    methods: Sequence[str],
    strategies: Sequence[str],
    budget: RobotBudget,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Return the paired differences of strategies for each method, and of methods for each strategy.

    The first strategy, and the first method, is what the others are compared with: every difference is that
    of the other less the first, over the objects that both have measured. An object that never reaches the
    Dice counts with one slice more than the budget has.

    Parameters
    ----------
    datasets, methods, strategies : names, in the order of the report
    seed : of the bootstrap
    """
    pairs = [*_pairs_of_strategies(methods, strategies), *_pairs_of_methods(methods, strategies)]
    return [
        entry
        for dataset in datasets
        for pair in pairs
        for entry in _of_pair(
            _of_way(records, dataset, pair[0]),
            _of_way(records, dataset, pair[1]),
            labels={
                "dataset": dataset,
                "methods": [way.method for way in pair],
                "strategies": [way.strategy for way in pair],
            },
            budget=budget,
            seed=seed,
        )
    ]


def _pairs_of_strategies(methods: Sequence[str], strategies: Sequence[str]) -> Iterator[tuple[Way, Way]]:
    for method in methods:
        for other in strategies[1:]:
            yield Way(method=method, strategy=strategies[0]), Way(method=method, strategy=other)


def _pairs_of_methods(methods: Sequence[str], strategies: Sequence[str]) -> Iterator[tuple[Way, Way]]:
    for strategy in strategies:
        for other in methods[1:]:
            yield Way(method=methods[0], strategy=strategy), Way(method=other, strategy=strategy)


def _of_way(records: Sequence[VolumeRecord], dataset: str, way: Way) -> dict[tuple[str, int], VolumeRecord]:
    """Return the measured records of a way to work, by case and label."""
    wanted = (dataset, way.method, setting_of(way.strategy))
    return {
        (record.key.case, record.key.label): record
        for record in records
        if record.error is None and (record.key.dataset, record.key.method, record.key.setting) == wanted
    }


def _of_pair(
    first: dict[tuple[str, int], VolumeRecord],
    other: dict[tuple[str, int], VolumeRecord],
    *,
    labels: dict[str, Any],
    budget: RobotBudget,
    seed: int,
) -> Iterator[dict[str, Any]]:
    """Yield the difference in every quantity over the objects of both, none where there is no such object."""
    common = [place for place in first if place in other]
    both = [records[place] for records in (first, other) for place in common]
    for name, value in _quantities(both, budget) if common else ():
        estimate = paired_difference(
            [value(first[place]) for place in common],
            [value(other[place]) for place in common],
            groups=[case for case, _ in common],
            seed=seed,
        )
        yield {
            **labels,
            "quantity": name,
            "mean": estimate.mean,
            "low": estimate.low,
            "high": estimate.high,
            "n": estimate.n,
        }


def _quantities(records: Sequence[VolumeRecord], budget: RobotBudget) -> Iterator[Quantity]:
    """Yield what is compared, as far as the longest of the records goes."""
    enough = enough_of(budget)

    def slices_needed(record: VolumeRecord) -> float:
        place = reached_at(record, enough=enough)
        return budget.most_slices + 1 if place is None else place + 1

    yield f"slices@{100 * enough:g}", slices_needed
    for slices in SLICES_COMPARED:
        if slices <= max(len(record.curve) for record in records):
            yield f"dice@{slices} slices", partial(dice_after, slices=slices)
    for clicks in CLICKS_COMPARED:
        if clicks <= max(record.n_clicks for record in records):
            yield f"dice@{clicks} clicks", partial(dice_within, clicks=clicks)
