"""Every case of an evaluation as one line of a CSV file.

Spreadsheets run text that starts with one of `= + - @` as a formula, and names of cases come from whoever
made the data. Such text, and text that starts with an apostrophe, a tab or a line end, gets an apostrophe in
front; `without_guard` takes it away again. Numbers are written as they are, with all their digits.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from isegformer.atomic import replace_atomically
from isegformer.evaluation.clicks_needed import MAX_CLICKS
from isegformer.evaluation.ranking import CaseRecord
from isegformer.evaluation.records import ClickRecord, VolumeRecord
from isegformer.types import PathLike

Value: TypeAlias = str | int | float | None

GUARDED = ("=", "+", "-", "@", "'", "\t", "\r", "\n")
"""What text may not start with."""
GUARD = "'"
KEY_COLUMNS = ("dataset", "case", "label", "method", "setting")


def write_case_table(records: Sequence[CaseRecord], path: PathLike) -> None:
    """Write a CSV file (UTF-8, commas) with one line per record, those of failed cases included.

    Raises
    ------
    WriteError : the file cannot be written
    """
    rows = [dict(_row(record)) for record in records]
    columns = list(dict.fromkeys([*KEY_COLUMNS, *(name for row in rows for name in row if name != "error")]))
    with replace_atomically(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([_guarded(name) for name in (*columns, "error")])
        writer.writerows([[_guarded(row.get(name)) for name in (*columns, "error")] for row in rows])


def without_guard(text: str) -> str:
    """Return text of a cell as it was before it was written.

    >>> without_guard("'=SUM(A1)"), without_guard("case 1")
    ('=SUM(A1)', 'case 1')
    """
    return text[1:] if text.startswith(GUARD) else text


def _guarded(value: Value) -> Value:
    return GUARD + value if isinstance(value, str) and value.startswith(GUARDED) else value


def _row(record: CaseRecord) -> Iterator[tuple[str, Value]]:
    """Yield what a line says of a record, by column."""
    for name in KEY_COLUMNS:
        yield name, getattr(record.key, name)
    if record.error is None:
        yield from _click_values(record) if isinstance(record, ClickRecord) else _volume_values(record)
    yield "error", record.error


def _click_values(record: ClickRecord) -> Iterator[tuple[str, Value]]:
    yield "height_px", record.shape[0]
    yield "width_px", record.shape[1]
    yield "object_px", record.object_px
    yield "n_clicks", len(record.clicks)
    yield (
        "clicks",
        " ".join(f"{click.row}:{click.col}:{'+' if click.is_positive else '-'}" for click in record.clicks),
    )
    yield "seconds", sum(record.seconds)
    ious = dict(enumerate(record.ious, start=1))
    for number in range(1, max(MAX_CLICKS, len(ious)) + 1):
        yield f"iou_{number}", ious.get(number)


def _volume_values(record: VolumeRecord) -> Iterator[tuple[str, Value]]:
    for name, length in zip("ijk", record.shape, strict=True):
        yield f"shape_{name}", length
    yield "axis", record.axis
    yield "n_annotated", len(record.annotated)
    yield "annotated", " ".join(str(index) for index in record.annotated)
    yield "n_clicks", record.n_clicks
    yield "seconds", record.seconds
    yield from record.metrics.items()
    yield "curve", json.dumps(record.curve) if record.curve else None
