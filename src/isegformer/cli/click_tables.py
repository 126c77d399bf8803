"""The results of clicks as tables for a person: one for each dataset, a column for each method."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table


def clicks_tables(summary: Mapping[str, Any]) -> Group:
    """Return clicks needed, failures and IoU, each with its interval, and times."""
    return Group(*(_table(dataset, summary["methods"]) for dataset in summary["datasets"]))


def _table(dataset: str, methods: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, title_justify="left", title_style="")
    table.add_column(dataset, style="bold")
    for method in methods:
        table.add_column(method, justify="right", overflow="fold")
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
        **{f"clicks to IoU 0.{name}": _mean(numbers, "noc", name, "{:.2f}") for name in numbers["noc"]},
        **{
            f"never reach 0.{name}": _mean(numbers, "failures", name, "{:.0%}")
            for name in numbers["failures"]
        },
        **{f"IoU after {k} clicks": _mean(numbers, "iou_after", k, "{:.3f}") for k in ("1", "3", "5", "10")},
        "seconds per click": f"{_text(seconds['median'], '{:.3f}')}\np95 {_text(seconds['p95'], '{:.3f}')}",
        "peak memory": _text(memory["rss_peak_mb"], "{:.0f} MB"),
        "failed": str(numbers["failed_cases"]),
    }


def _mean(numbers: Mapping[str, Any], quantity: str, name: str, form: str) -> str:
    """Return a mean, and below it its interval, which that of a single image or volume lacks."""
    interval = numbers[f"{quantity}_interval"][name]
    bounds = "" if interval is None else f"\n{form}-{form}".format(*interval).replace("%-", "-")
    return _text(numbers[quantity][name], form) + bounds


def _text(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)
