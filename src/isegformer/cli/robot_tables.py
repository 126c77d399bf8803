"""The results of robot users as tables for a person: one for each dataset, a line for each strategy."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group
from rich.table import Table

SLICES_SHOWN = (1, 2, 3, 5, 10)
"""After so many annotated slices Dice is shown, as far as robots came; the JSON file has all."""


def robot_tables(summary: Mapping[str, Any]) -> Group:
    """Return mean Dice after some slices, and what an object took to be good enough."""
    return Group(*(_table(dataset, methods) for dataset, methods in summary["robots"].items()))


def _table(dataset: str, methods: Mapping[str, Any]) -> Table:
    title = f"{dataset}: robot users; mean Dice after 1 to {SLICES_SHOWN[-1]} slices, and what Dice 0.9 took"
    table = Table(box=None, pad_edge=False, title=title, title_justify="left", title_style="bold")
    table.add_column("method", overflow="fold")
    table.add_column("next slice", overflow="fold")
    for count in SLICES_SHOWN:
        table.add_column(str(count), justify="right", no_wrap=True)
    for heading in ("reached\n0.9", "slices", "clicks"):
        table.add_column(heading, justify="right", no_wrap=True)
    for line in _lines(methods):
        table.add_row(*line)
    table.add_row()
    return table


def _lines(methods: Mapping[str, Any]) -> Iterator[list[str]]:
    for method, strategies in methods.items():
        for number, (strategy, found) in enumerate(strategies.items()):
            curve, enough = found["dice_by_slices"], found["enough"]
            yield [
                method if number == 0 else "",
                strategy,
                *(_text(curve.get(str(count)), "{:.3f}") for count in SLICES_SHOWN),
                _text(enough["share"], "{:.0%}"),
                _text(enough["slices"], "{:.1f}"),
                _text(enough["clicks"], "{:.1f}"),
            ]


def _text(estimate: Mapping[str, float] | None, form: str) -> str:
    return "-" if estimate is None else form.format(estimate["mean"])
