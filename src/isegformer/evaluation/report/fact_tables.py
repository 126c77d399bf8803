"""Everything in a summary that is not a score: differences, failed cases, configuration, hardware."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from isegformer.evaluation.quantities import better_of
from isegformer.evaluation.report.measured import Summary
from isegformer.evaluation.report.measured_tables import metric_title
from isegformer.evaluation.report.table import Cell, Column, Table, change, number, words

DIFFERENCES_NOTE = (
    "Second method minus first, case by case, over the cases that both measured; below each mean its 95 % "
    "bootstrap interval. A method is called better where the interval does not hold 0; any other difference "
    "may be chance."
)

NOT_SHOWN = "not shown"
"""In place of the better one, where these cases do not tell which it is."""


def differences_table(summary: Summary) -> Table:
    """Return the paired differences between methods."""
    return Table(
        title="Differences between methods",
        note=DIFFERENCES_NOTE,
        columns=(
            Column(title="Data", is_head=True),
            Column(title="First method", is_head=True),
            Column(title="Second method", is_head=True),
            Column(title="Quantity", is_head=True),
            Column(title="Second \N{MINUS SIGN} first", is_number=True),
            Column(title="Cases", is_number=True),
            Column(title="Better"),
        ),
        rows=tuple(_difference_row(one) for one in summary.get("differences", ())),
    )


def _difference_row(one: Mapping[str, Any]) -> tuple[Cell, ...]:
    quantity = one["quantity"]
    interval = None if one["low"] is None else (one["low"], one["high"])
    better = better_of(one["methods"], quantity, interval=interval)
    return (
        words(one["dataset"]),
        *(words(method) for method in one["methods"]),
        words(quantity_title(quantity)),
        change(one["mean"], digits=quantity_digits(quantity), interval=interval),
        number(one["n"], digits=0),
        words(better or NOT_SHOWN),
    )


def quantity_digits(quantity: str) -> int:
    """Return how many digits a quantity deserves: clicks, slices and millimetres 2, others 3."""
    name, _, _ = quantity.partition("@")
    return 2 if name in ("noc", "clicks", "slices") or name.endswith("_mm") else 3


def quantity_title(quantity: str) -> str:
    """Return the name of a quantity as it is written in papers.

    >>> quantity_title("noc@85"), quantity_title("dice@3"), quantity_title("hd95_mm")
    ('NoC@85', 'Dice@3', 'HD95 (mm)')
    """
    name, at, key = quantity.partition("@")
    return f"{'NoC' if name == 'noc' else metric_title(name)}{at}{key}"


def failed_table(failed: Sequence[Mapping[str, Any]]) -> Table:
    """Return the cases that could not be measured, with their errors."""
    return Table(
        title="Failed cases",
        note="These were not measured and are in none of the numbers above.",
        columns=tuple(
            Column(title=title, is_head=title != "Error")
            for title in ("Data", "Case", "Object", "Method", "Error")
        ),
        rows=tuple(
            tuple(words(str(one.get(name, ""))) for name in ("dataset", "case", "label", "method", "error"))
            for one in failed
        ),
    )


def facts(mapping: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return every value of a nested record with its dotted name.

    >>> facts({"seed": 0, "weights": [{"name": "compact"}], "peers": []})
    (('seed', '0'), ('weights.0.name', 'compact'), ('peers', 'none'))
    """
    return tuple((name, text) for key, value in mapping.items() for name, text in _flat(key, value))


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _flat(f"{name}.{key}", item)
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping | list | tuple) for item in value):
        for index, item in enumerate(value):
            yield from _flat(f"{name}.{index}", item)
    else:
        yield name, _as_text(value)


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "none"
    return "none" if value in (None, {}) else str(value)
