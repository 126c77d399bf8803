"""What robot users came to, and what one way to work gives more than another, as tables."""

from collections.abc import Iterator, Mapping
from typing import Any

from isegformer.evaluation.quantities import better_of
from isegformer.evaluation.report.fact_tables import NOT_SHOWN, quantity_digits, quantity_title
from isegformer.evaluation.report.measured import Summary
from isegformer.evaluation.report.table import Cell, Column, Table, change, number, share, words

SLICES_SHOWN = ("1", "2", "3", "5", "10")
"""Dice is told after so many annotated slices; the curves have all of them."""

NOTE = (
    "A robot user annotates slice after slice, and a method fills the others. Mean Dice of whole volumes "
    "after so many annotated slices, where who stopped keeps the last one; then the share of objects that "
    "reach a Dice, and the slices and clicks that this took, over those that got there: read them together. "
    "Below each mean its 95 % bootstrap interval."
)
DIFFERENCES_NOTE = (
    "The second way to work less the first, object by object: other strategies with the same method, and "
    "other methods with the same strategy. An object that never reaches the Dice, in per cent, counts with "
    "one slice more than the budget. Below each mean its 95 % bootstrap interval; one is called better where "
    "that does not hold 0."
)


def robots_table(summary: Summary) -> Table:
    """Return the means of robot users, one row for every method and strategy; no row without robots."""
    found = list(_robots(summary))
    shown = [
        count for count in SLICES_SHOWN if any(count in numbers["dice_by_slices"] for *_, numbers in found)
    ]
    enough = next((numbers["enough"]["dice"] for *_, numbers in found), 0.0)
    return Table(
        title="Robot users",
        note=NOTE,
        columns=(
            *(Column(title=title, is_head=True) for title in ("Data", "Method", "Next slice")),
            Column(title="Cases", is_number=True),
            *(Column(title=f"Dice@{count}", is_number=True) for count in shown),
            *(Column(title=f"{what} {enough:g}", is_number=True) for what in ("Reach", "Slices to")),
            Column(title=f"Clicks to {enough:g}", is_number=True),
        ),
        rows=tuple(
            (
                *(words(text) for text in names),
                number(numbers["cases"], digits=0),
                *(_mean(numbers["dice_by_slices"].get(count), digits=3) for count in shown),
                _share(numbers["enough"]["share"]),
                _mean(numbers["enough"]["slices"], digits=2),
                _mean(numbers["enough"]["clicks"], digits=1),
            )
            for *names, numbers in found
        ),
    )


def robot_differences_table(summary: Summary) -> Table:
    """Return the paired differences between ways to work."""
    heads = ("Data", "First", "Second", "Quantity")
    return Table(
        title="Differences between robot users",
        note=DIFFERENCES_NOTE,
        columns=(
            *(Column(title=title, is_head=True) for title in heads),
            Column(title="Second \N{MINUS SIGN} first", is_number=True),
            Column(title="Cases", is_number=True),
            Column(title="Better"),
        ),
        rows=tuple(_difference_row(one) for one in summary.get("robot_differences", ())),
    )


def _robots(summary: Summary) -> Iterator[tuple[str, str, str, Summary]]:
    """Yield data folder, method, strategy and numbers of all robot users."""
    for dataset, methods in summary.get("robots", {}).items():
        for method, strategies in methods.items():
            for strategy, numbers in strategies.items():
                yield dataset, method, strategy, numbers


def _difference_row(one: Mapping[str, Any]) -> tuple[Cell, ...]:
    ways = [
        f"{method}, {strategy}" for method, strategy in zip(one["methods"], one["strategies"], strict=True)
    ]
    interval, quantity = _interval(one), one["quantity"]
    return (
        *(words(text) for text in (one["dataset"], *ways, quantity_title(quantity))),
        change(one["mean"], digits=quantity_digits(quantity), interval=interval),
        number(one["n"], digits=0),
        words(better_of(ways, quantity, interval=interval) or NOT_SHOWN),
    )


def _mean(estimate: Mapping[str, Any] | None, *, digits: int) -> Cell:
    return (
        number(None, digits=0)
        if estimate is None
        else number(estimate["mean"], digits=digits, interval=_interval(estimate))
    )


def _share(estimate: Mapping[str, Any] | None) -> Cell:
    return share(None) if estimate is None else share(estimate["mean"], interval=_interval(estimate))


def _interval(estimate: Mapping[str, Any]) -> tuple[float, float] | None:
    return None if estimate["low"] is None else (estimate["low"], estimate["high"])
