"""What a command says: progress and warnings on standard error, one result on standard output."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from isegformer.types import ProgressCallback


class Reporter:
    """Speaks to a person, or with `is_json` to a program."""

    def __init__(self, *, is_json: bool) -> None:
        self.is_json = is_json
        self._stdout = Console(file=sys.stdout, soft_wrap=True, highlight=False)
        self._stderr = Console(file=sys.stderr, soft_wrap=True, highlight=False)

    @contextmanager
    def progress(self, title: str) -> Iterator[ProgressCallback]:
        """Show a bar while the block runs; gives the callback that moves it."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._stderr, disable=not self._stderr.is_terminal) as bar:
            task = bar.add_task(title, total=None)

            def show(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            yield show

    def note(self, text: str) -> None:
        """Tell a person something on standard error."""
        self._stderr.print(text, markup=False)

    def result(self, record: Mapping[str, Any], *, view: RenderableType | None = None) -> None:
        """Give the result: `record` as JSON, or `view`, by default a table of the record, to a person."""
        if self.is_json:
            sys.stdout.write(json.dumps(record, indent=2, allow_nan=False) + "\n")
        else:
            self._stdout.print(view if view is not None else facts_table(record))


def facts_table(record: Mapping[str, Any]) -> Table:
    """Return a table with one line per entry of a record."""
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in record.items():
        table.add_row(name.replace("_", " "), as_text(value))
    return table


def as_text(value: Any) -> str:
    """Return a value of a record as a person reads it."""
    if value is None:
        return "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {as_text(item)}" for name, item in value.items()) or "-"
    if isinstance(value, list | tuple):
        return ", ".join(as_text(item) for item in value) or "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
