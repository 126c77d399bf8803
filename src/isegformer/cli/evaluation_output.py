"""What every evaluation leaves behind: its summary as JSON, and the names of what failed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isegformer.atomic import replace_atomically
from isegformer.cli.reporter import Reporter
from isegformer.errors import WriteError

SUMMARY = "summary.json"
"""Name of the summary in the folder of an evaluation."""

PRINTED = Path("-")
"""In place of a file: the summary goes to standard output."""

MOST_NAMED = 20
"""Failures that are told to a person; the summary has all of them."""


def check_json_file(path: Path | None) -> None:
    """Raise WriteError where the summary could not be written in the end, which may be hours away."""
    if path is None or path == PRINTED:
        return
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
