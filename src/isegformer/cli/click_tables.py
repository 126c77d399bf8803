"""The results of clicks as tables for a person: one for each dataset, a column for each method."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table


def clicks_tables(summary: Mapping[str, Any]) -> Group:
    """Return clicks needed with their intervals, failures and times."""
    return Group(*(_table(dataset, summary["methods"]) for dataset in summary["datasets"]))


def _table(dataset: str, methods: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, title_justify="left", title_style="")
    table.add_column(dataset, style="bold")
    for method in methods:
        table.add_column(method, justify="right")
    columns = [_cells(by_dataset[dataset]) for by_dataset in methods.values()]
    for title in columns[0]:
        table.add_row(title, *(column[title] for column in columns))
    table.add_row()
    return table


def _cells(numbers: Mapping[str, Any]) -> dict[str, str]:
    """Return what is shown of one method on one dataset, by title."""
    seconds, memory = numbers["seconds_per_click"], numbers["memory"]
    return {
        "objects": str(numbers["cases"]),
        **{f"clicks to IoU 0.{name}": _clicks(numbers, name) for name in numbers["noc"]},
        **{f"never reach 0.{name}": _text(share, "{:.0%}") for name, share in numbers["failures"].items()},
        **{f"IoU after {k} clicks": _text(numbers["iou_after"][k], "{:.3f}") for k in ("1", "3", "5", "10")},
        "seconds per click": f"{_text(seconds['median'], '{:.3f}')}, p95 {_text(seconds['p95'], '{:.3f}')}",
        "peak memory": _text(memory["rss_peak_mb"], "{:.0f} MB"),
        "failed": str(numbers["failed_cases"]),
    }


def _clicks(numbers: Mapping[str, Any], name: str) -> str:
    if numbers["noc"][name] is None:
        return "-"
    low, high = numbers["noc_interval"][name]
    return f"{numbers['noc'][name]:.2f} ({low:.2f} to {high:.2f})"


def _text(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)
