"""The results of volumes as tables for a person: one for each dataset, lines for each method."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.table import Table

COLUMNS = {
    "sensitivity": ("sensi-\ntivity", "{:.3f}"),
    "ppv": ("PPV", "{:.3f}"),
    "hd95_mm": ("HD95\nmm", "{:.2f}"),
    "assd_mm": ("ASSD\nmm", "{:.2f}"),
    "nsd": ("surface\nDice", "{:.3f}"),
}
"""Which metrics are shown after Dice, their titles and forms; the JSON file has all."""


def volumes_tables(summary: Mapping[str, Any]) -> Group:
    """Return Dice with its intervals and the other metrics."""
    return Group(*(_table(dataset, summary["methods"]) for dataset in summary["datasets"]))


def fewer_slices_note(summary: Mapping[str, Any]) -> str | None:
    """Return for which numbers of slices some objects were too short; None where none was."""
    found = [
        f"{dataset}: {n_fewer} of {numbers['measured'][asked]} objects, asked for {asked} "
        f"({numbers['slices_used'][asked]:.1f} on average)"
        for dataset, numbers in summary["datasets"].items()
        for asked, n_fewer in numbers["fewer_slices"].items()
        if n_fewer
    ]
    return f"objects on fewer slices were given all they have: {'; '.join(found)}" if found else None


def _table(dataset: str, methods: Mapping[str, Any]) -> Table:
    numbers = {method: by_dataset[dataset] for method, by_dataset in methods.items()}
    n_objects = max(its_numbers["cases"] for its_numbers in numbers.values())
    title = f"{dataset}: {n_objects} objects, by the number of given slices; Dice with its 95 % interval"
    table = Table(box=None, pad_edge=False, title=title, title_justify="left", title_style="bold")
    table.add_column("method", overflow="fold")
    for heading in ("slices", "Dice", "", *(heading for heading, _ in COLUMNS.values())):
        table.add_column(heading, justify="right", no_wrap=True)
    for method, its_numbers in numbers.items():
        for number, cells in enumerate(_lines(its_numbers)):
            table.add_row(method if number == 0 else "", *cells)
    table.add_row()
    return table


def _lines(numbers: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield the cells of every choice of slices."""
    for setting, dice in numbers["dice"].items():
        metrics = numbers["metrics"][setting]
        interval = numbers["dice_interval"][setting]
        yield [
            setting,
            _text(dice, "{:.3f}"),
            _interval(dice, interval),
            *(_text(metrics[name], form) for name, (_, form) in COLUMNS.items()),
        ]


def _interval(mean: float | None, interval: Sequence[float] | None) -> str:
    if interval is None:
        return "" if mean is None else "1 volume"
    return f"{interval[0]:.2f}-{interval[1]:.2f}"


def _text(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)
