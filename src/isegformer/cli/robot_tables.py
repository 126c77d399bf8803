"""The results of robot users as tables for a person: Dice, what enough Dice took, and what differs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.table import Table

from isegformer.evaluation.quantities import better_of
from isegformer.evaluation.report.fact_tables import NOT_SHOWN, quantity_digits, quantity_title

SLICES_SHOWN = (1, 2, 3, 5, 10)
"""After so many annotated slices Dice is shown, as far as robots came; the JSON file has all."""

QUANTITIES_SHOWN = ("slices@", "dice@3 slices")
"""How the names of the differences begin that are shown; the page and the JSON file have all."""


def robot_tables(summary: Mapping[str, Any]) -> Group:
    """Return for each dataset mean Dice after some slices, what enough took, and paired differences."""
    return Group(
        *(
            table
            for dataset, methods in summary["robots"].items()
            for table in (_table(dataset, methods), _differences_table(summary, dataset))
            if table.row_count
        )
    )


def _table(dataset: str, methods: Mapping[str, Any]) -> Table:
    enough = next(found["enough"]["dice"] for strategies in methods.values() for found in strategies.values())
    table = _empty_table(
        f"{dataset}: robot users; Dice after 1 to {SLICES_SHOWN[-1]} slices, what Dice {enough:g} took"
    )
    table.add_column("way", overflow="fold")
    for count in SLICES_SHOWN:
        table.add_column(str(count), justify="right", no_wrap=True)
    for heading in ("there", "slices", "clicks"):
        table.add_column(heading, justify="right", no_wrap=True)
    for line in _lines(methods):
        table.add_row(*line)
    table.add_row()
    return table


def _lines(methods: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield a line with the name of every method, and one for each strategy, intervals below the means."""
    for method, strategies in methods.items():
        yield [method]
        for strategy, found in strategies.items():
            curve, enough = found["dice_by_slices"], found["enough"]
            yield [
                f"  {strategy}",
                *(_text(curve.get(str(count)), "{:.2f}") for count in SLICES_SHOWN),
                _text(enough["share"], "{:.0%}"),
                _text(enough["slices"], "{:.1f}"),
                _text(enough["clicks"], "{:.0f}"),
            ]


def _differences_table(summary: Mapping[str, Any], dataset: str) -> Table:
    table = _empty_table(f"{dataset}: robot users; the second less the first, object by object")
    for heading in ("first", "second"):
        table.add_column(heading, overflow="fold")
    for heading in ("quantity", "mean", "95 % interval", "better"):
        table.add_column(heading, no_wrap=True)
    for one in summary["robot_differences"]:
        if one["dataset"] == dataset and one["quantity"].startswith(QUANTITIES_SHOWN):
            table.add_row(*_difference_line(one))
    return table


def _difference_line(one: Mapping[str, Any]) -> Sequence[str]:
    quantity, digits = one["quantity"], quantity_digits(one["quantity"])
    interval = None if one["low"] is None else (one["low"], one["high"])
    better = better_of(("first", "second"), quantity, interval=interval)
    return (
        *(
            f"{method}, {strategy}"
            for method, strategy in zip(one["methods"], one["strategies"], strict=True)
        ),
        quantity_title(quantity),
        f"{one['mean']:+.{digits}f}",
        "1 volume" if interval is None else " to ".join(f"{end:+.{digits}f}" for end in interval),
        better or NOT_SHOWN,
    )


def _empty_table(title: str) -> Table:
    return Table(
        box=None, pad_edge=False, padding=(0, 1), title=title, title_justify="left", title_style="bold"
    )


def _text(estimate: Mapping[str, float | None] | None, form: str) -> str:
    """Return a mean, and its interval on a line of its own."""
    if estimate is None:
        return "-"
    mean = form.format(estimate["mean"])
    if estimate["low"] is None:
        return mean
    return f"{mean}\n{form.format(estimate['low'])}-{form.format(estimate['high'])}".replace("%-", "-")
