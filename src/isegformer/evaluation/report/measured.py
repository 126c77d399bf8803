"""Where the numbers of a summary are: one entry per data folder and method, peers included."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Summary: TypeAlias = Mapping[str, Any]
"""The JSON of an evaluation, or a part of it, as it was read."""

UNNAMED = "weights"
"""Method of numbers that stand under "datasets" only."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The numbers of one method on one data folder."""

    dataset: str
    method: str
    numbers: Summary


def measured(summary: Summary) -> tuple[Measured, ...]:
    """Return all numbers of a summary: data folders in their order, methods in theirs within each.

    Numbers under "methods" come first; those under "datasets" count where no method has them, since they
    repeat the first weights; "peers" of a data folder count where no method has their name.
    """
    by_dataset: dict[str, dict[str, Summary]] = {name: {} for name in summary.get("datasets", {})}
    for method, folders in summary.get("methods", {}).items():
        for dataset, numbers in folders.items():
            by_dataset.setdefault(dataset, {})[method] = numbers
    for dataset, numbers in summary.get("datasets", {}).items():
        methods = by_dataset[dataset]
        if not methods:
            methods[UNNAMED] = numbers
        for peer, its_numbers in numbers.get("peers", {}).items():
            methods.setdefault(peer, its_numbers)
    return tuple(
        Measured(dataset=dataset, method=method, numbers=numbers)
        for dataset, methods in by_dataset.items()
        for method, numbers in methods.items()
    )


def leading_method(summary: Summary) -> str:
    """Return the method that the evaluation is about: the first one, or "" where nothing was measured."""
    found = measured(summary)
    return next(iter(summary.get("methods", {})), found[0].method if found else "")


def data_without_intervals(summary: Summary) -> tuple[str, ...]:
    """Return the data folders of which one image or volume was measured: their means have no interval."""
    leading = leading_method(summary)
    return tuple(
        one.dataset for one in measured(summary) if one.method == leading and _lacks_intervals(one.numbers)
    )


def _lacks_intervals(numbers: Summary) -> bool:
    """Tell whether clicks needed or Dice have means and none of them an interval."""
    means, intervals = (
        [value for name in ("noc", "dice") for value in numbers.get(name + part, {}).values()]
        for part in ("", "_interval")
    )
    return any(value is not None for value in means) and all(value is None for value in intervals)
