"""What every evaluation leaves behind: its summary, pages and tables, and the names of what failed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isegformer.atomic import replace_atomically
from isegformer.cli.extras import require_extra
from isegformer.cli.reporter import Reporter
from isegformer.errors import WriteError
from isegformer.evaluation.ranking import CaseRecord
from isegformer.evaluation.report import PictureSource, write_case_table, write_report
from isegformer.evaluation.report.measured import data_without_intervals
from isegformer.evaluation.stored import SUMMARY

PRINTED = Path("-")
"""In place of a file: the summary goes to standard output."""

MOST_NAMED = 20
"""Failures that are told to a person; the summary has all of them."""


def check_json_file(path: Path | None) -> None:
    """Raise WriteError where the summary could not be written in the end, which may be hours away."""
    if path is not None and path != PRINTED:
        _check_file(path)


def _check_file(path: Path) -> None:
    if path.is_dir() or not path.parent.is_dir():
        raise WriteError(f"cannot write {path}: expected the name of a file in a folder that is there")


def write_summary(summary: Mapping[str, Any], *, output: Path | None, json_file: Path | None) -> None:
    """Write the summary into the folder of the evaluation and to the file that was asked for, where given.

    Raises
    ------
    WriteError : a file cannot be written
    """
    text = json.dumps(summary, indent=2, allow_nan=False) + "\n"
    for path in (output and output / SUMMARY, json_file):
        if path is not None and path != PRINTED:
            with replace_atomically(path) as temporary:
                temporary.write_text(text, encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class CaseViews:
    """Files that show every case, as far as they were asked for."""

    report: Path | None = None
    """One HTML page."""
    csv: Path | None = None
    """One line per case."""

    def check(self) -> None:
        """Raise, before hours are spent on measuring, what would go wrong when they are written.

        Raises
        ------
        DependencyError : a report is asked for, and its extra is not installed
        WriteError : a file would lie in a folder that is not there
        """
        if self.report is not None:
            require_extra("evaluate", modules=["jinja2"])
        for path in (self.report, self.csv):
            if path is not None:
                _check_file(path)

    def write(
        self, summary: Mapping[str, Any], records: Sequence[CaseRecord], pictures: PictureSource | None
    ) -> None:
        """Write the files; WriteError where one cannot be written."""
        if self.csv is not None:
            write_case_table(records, self.csv)
        if self.report is not None:
            write_report(summary, records, pictures, self.report)


def tell_missing_intervals(summary: Mapping[str, Any], reporter: Reporter) -> None:
    """Say of which data folders the means have no interval, and why."""
    for dataset in data_without_intervals(summary):
        reporter.note(f"{dataset}: one image or volume was measured, so that its means have no interval")


def tell_failures(summary: Mapping[str, Any], reporter: Reporter) -> None:
    """Name the cases that failed, on standard error."""
    failed = summary["failed"]
    for entry in failed[:MOST_NAMED]:
        where = " ".join(str(part) for part in (entry["dataset"], entry["case"]) if part)
        what = f", label {entry['label']}" if entry["label"] else ""
        by = f", {entry['method']}" if entry["method"] else ""
        reporter.note(f"failed: {where}{what}{by}: {entry['error']}")
    if len(failed) > MOST_NAMED:
        reporter.note(f"and {len(failed) - MOST_NAMED} more, see the JSON")
    if failed:
        reporter.note(f"{len(failed)} failed; the numbers are those of the others")
