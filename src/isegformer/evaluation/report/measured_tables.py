"""The numbers of a summary as tables: what every method achieved on every data folder."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from isegformer.evaluation.report.measured import Measured, Summary, measured
from isegformer.evaluation.report.table import Cell, Column, Table, number, share, words

HEADS = (Column(title="Data", is_head=True), Column(title="Method", is_head=True))
SHOWN_CLICKS = ("1", "2", "3", "5", "10", "15", "20")
"""Mean IoU is told after these; the curves have all of them."""

METRIC_TITLES = {
    "iou": "IoU",
    "dice": "Dice",
    "sensitivity": "Sensitivity",
    "ppv": "PPV",
    "assd": "ASSD",
    "hd95": "HD95",
    "nsd": "NSD",
}

ToCell: TypeAlias = Callable[[float | None, Sequence[float] | None], Cell]

CLICKS_NOTE = (
    "Mean number of clicks until the IoU reaches the threshold in per cent; objects that do not reach it "
    "within 20 clicks count as 20. Below each mean its 95 % bootstrap interval. Fewer is better."
)
FAILURES_NOTE = (
    "Share of objects that do not reach the IoU threshold within 20 clicks, and its interval. Less is "
    "better. Where all objects agree the interval has no width, which does not make it certain."
)
IOU_NOTE = (
    "Mean IoU after so many clicks, and its interval; an object that was finished earlier keeps its last "
    "IoU. More is better."
)
COST_NOTE = "On the hardware named below. A megabyte is a million bytes; networks are part of the memory."
DICE_NOTE = (
    "Mean Dice of whole volumes when so many slices were annotated. Below each mean its 95 % bootstrap "
    "interval. More is better."
)
METRICS_NOTE = "Means over objects by number of annotated slices; distances in millimetres."


def tables_of(summary: Summary) -> tuple[Table, ...]:
    """Return the tables of a summary of either kind; a table without columns or rows is left out."""
    found = measured(summary)
    tables = volume_tables(found) if summary.get("kind") == "volumes" else click_tables(found)
    return tuple(table for table in tables if table.rows and len(table.columns) > len(HEADS))


def click_tables(found: Sequence[Measured]) -> tuple[Table, ...]:
    """Return the tables of a click evaluation."""
    return (
        _keyed_table(
            found, "noc", title="Clicks needed", note=CLICKS_NOTE, column="NoC@{}", to_cell=_to_2_digits
        ),
        _keyed_table(
            found,
            "failures",
            title="Not reached in 20 clicks",
            note=FAILURES_NOTE,
            column="≥20@{}",
            to_cell=_to_share,
        ),
        _keyed_table(
            found,
            "iou_after",
            title="Mean IoU after clicks",
            note=IOU_NOTE,
            column="{}",
            to_cell=_to_3_digits,
            only=SHOWN_CLICKS,
        ),
        _cost_table(found),
    )


def volume_tables(found: Sequence[Measured]) -> tuple[Table, ...]:
    """Return the tables of a volume evaluation."""
    return (
        _keyed_table(
            found, "dice", title="Dice by annotated slices", note=DICE_NOTE, column="{}", to_cell=_to_3_digits
        ),
        _metrics_table(found),
        _cost_table(found),
    )


def _keyed_table(
    found: Sequence[Measured],
    quantity: str,
    *,
    title: str,
    note: str,
    column: str,
    to_cell: ToCell,
    only: Sequence[str] | None = None,
) -> Table:
    """Return a table with one column for every key of a quantity, such as the thresholds of "noc"."""
    keys = [
        key for key in _keys(one.numbers.get(quantity, {}) for one in found) if only is None or key in only
    ]
    columns = (*HEADS, Column(title="Cases", is_number=True)) if keys else HEADS
    return Table(
        title=title,
        note=note,
        columns=(*columns, *(Column(title=column.format(key), is_number=True) for key in keys)),
        rows=tuple(
            (
                *_heads(one),
                number(one.numbers.get("cases"), digits=0),
                *(
                    to_cell(
                        one.numbers.get(quantity, {}).get(key),
                        one.numbers.get(f"{quantity}_interval", {}).get(key),
                    )
                    for key in keys
                ),
            )
            for one in found
        ),
    )


def _metrics_table(found: Sequence[Measured]) -> Table:
    """Return a table of all metrics of volumes, one row for every number of annotated slices."""
    names = list(
        dict.fromkeys(
            name for one in found for metrics in one.numbers.get("metrics", {}).values() for name in metrics
        )
    )
    return Table(
        title="Metrics of volumes",
        note=METRICS_NOTE,
        columns=(
            *HEADS,
            Column(title="Slices", is_number=True),
            *(Column(title=metric_title(name), is_number=True) for name in names),
        ),
        rows=tuple(
            (
                *_heads(one),
                Cell(text=slices, value=_as_number(slices)),
                *(
                    number(
                        metrics.get(name),
                        digits=2 if name.endswith("_mm") else 3,
                        interval=one.numbers.get("metrics_interval", {}).get(slices, {}).get(name),
                    )
                    for name in names
                ),
            )
            for one in found
            for slices, metrics in one.numbers.get("metrics", {}).items()
        ),
    )


def _cost_table(found: Sequence[Measured]) -> Table:
    """Return a table of everything under "seconds..." and "memory", and of failed cases."""
    groups = ("seconds_per_click", "seconds", "memory")
    keys = [(group, key) for group in groups for key in _keys(one.numbers.get(group, {}) for one in found)]
    return Table(
        title="Time, memory and failed cases",
        note=COST_NOTE,
        columns=(
            *HEADS,
            *(Column(title=_cost_title(group, key), is_number=True) for group, key in keys),
            Column(title="Failed cases", is_number=True),
        ),
        rows=tuple(
            (
                *_heads(one),
                *(
                    number(one.numbers.get(group, {}).get(key), digits=0 if group == "memory" else 3)
                    for group, key in keys
                ),
                number(one.numbers.get("failed_cases"), digits=0),
            )
            for one in found
        ),
    )


def metric_title(name: str) -> str:
    """Return the name of a metric as it is written in papers.

    >>> metric_title("hd95_mm"), metric_title("iou after 3"), metric_title("volume_error")
    ('HD95 (mm)', 'IoU after 3', 'volume error')
    """
    first, space, others = name.removesuffix("_mm").replace("_", " ").partition(" ")
    unit = " (mm)" if name.endswith("_mm") else ""
    return f"{METRIC_TITLES.get(first, first)}{space}{others}{unit}"


def _cost_title(group: str, key: str) -> str:
    """Return the title of a column of costs; keys that are not known are shown as they are."""
    known = {
        ("memory", "rss_peak_mb"): "Peak memory (MB)",
        ("memory", "gpu_peak_mb"): "Peak GPU memory (MB)",
        ("seconds_per_click", "median"): "Median s per click",
        ("seconds_per_click", "p95"): "95th percentile of s",
        ("seconds", "median"): "Median s per volume",
        ("seconds", "p95"): "95th percentile of s",
    }
    return known.get((group, key), f"{group} {key}".replace("_", " "))


def _heads(one: Measured) -> tuple[Cell, Cell]:
    return words(one.dataset), words(one.method)


def _keys(mappings: Iterable[Summary]) -> list[str]:
    """Return all keys, once each; numbers rise, and everything else follows in the order in which it came."""
    found = list(dict.fromkeys(key for mapping in mappings for key in mapping))
    return sorted(found, key=lambda key: (not _is_number(key), _as_number(key)))


def _is_number(key: str) -> bool:
    return key.replace(".", "", 1).isdecimal()


def _as_number(key: str) -> float:
    return float(key) if _is_number(key) else 0.0


def _to_2_digits(value: float | None, interval: Sequence[float] | None) -> Cell:
    return number(value, digits=2, interval=interval)


def _to_3_digits(value: float | None, interval: Sequence[float] | None) -> Cell:
    return number(value, digits=3, interval=interval)


def _to_share(value: float | None, interval: Sequence[float] | None) -> Cell:
    return share(value, interval=interval)
