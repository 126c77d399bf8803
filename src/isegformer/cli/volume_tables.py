"""The results of volumes as tables for a person: one for each dataset, lines for each method."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

COLUMNS = {
    "sensitivity": ("sensi-\ntivity", "{:.3f}"),
    "ppv": ("PPV", "{:.3f}"),
    "hd95_mm": ("HD95\nmm", "{:.2f}"),
    "assd_mm": ("ASSD\nmm", "{:.2f}"),
    "nsd": ("surface\nDice", "{:.3f}"),
}
"""Which metrics are shown after Dice, their titles and forms; the JSON file has all."""

HEADINGS = ("slices", "Dice", "", *(heading for heading, _ in COLUMNS.values()))
WIDTHS = (22, 5, 9, 6, 5, 6, 6, 7)
"""Of the columns: with the gaps between them a terminal of 80 characters. Methods have lines of their own."""


def volumes_tables(summary: Mapping[str, Any]) -> Group:
    """Return Dice with its intervals and the other metrics."""
    parts = [part for dataset in summary["datasets"] for part in _parts(dataset, summary["methods"])]
    return Group(*parts)


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


def _parts(dataset: str, methods: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield a title, the heads of the columns, and for each method its name and its lines."""
    numbers = {method: by_dataset[dataset] for method, by_dataset in methods.items()}
    n_objects = max(its_numbers["cases"] for its_numbers in numbers.values())
    title = f"{dataset}: {n_objects} objects, by the number of given slices; Dice with its 95 % interval"
    yield Text(title, style="bold")
    yield _table(has_head=True)
    for method, its_numbers in numbers.items():
        table = _table(has_head=False)
        for cells in _lines(its_numbers):
            table.add_row(*cells)
        yield Text(method)
        yield table
    yield Text()


def _table(*, has_head: bool) -> Table:
    """Return an empty table; all have the same widths, so that they stand in line."""
    table = Table(box=None, pad_edge=False, show_header=has_head)
    for number, (heading, width) in enumerate(zip(HEADINGS, WIDTHS, strict=True)):
        if number == 0:
            table.add_column(f"  {heading}", width=width, overflow="fold")
        else:
            table.add_column(heading, width=width, justify="right", no_wrap=True)
    return table


def _lines(numbers: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield the cells of every choice of slices."""
    for setting, dice in numbers["dice"].items():
        metrics = numbers["metrics"][setting]
        interval = numbers["dice_interval"][setting]
        yield [
            f"  {setting}",
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
