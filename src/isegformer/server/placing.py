"""Putting something new into the data root: made in a hidden place first, then given a name that is free.

What is there already is never replaced, and what is half done is never listed as a scan.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from isegformer.errors import WriteError

_PREFIX = ".upload-"
_STALE_S = 24 * 3600
"""No upload takes that long; younger folders may be those of another server on the same data root."""
_MOST_NAMES = 10_000


@contextmanager
def hidden_cell(root: Path) -> Iterator[Path]:
    """Give a new hidden folder in `root`, under a name that nobody can guess; it is gone afterwards."""
    cell = root / f"{_PREFIX}{uuid4().hex}"
    try:
        cell.mkdir()
        yield cell
    finally:
        shutil.rmtree(cell, ignore_errors=True)


def remove_left_cells(root: Path) -> None:
    """Remove what servers that were killed left in `root`."""
    for left_over in root.glob(f"{_PREFIX}*"):
        if time.time() - left_over.stat().st_mtime > _STALE_S:
            shutil.rmtree(left_over, ignore_errors=True)


def place_file(draft: Path, folder: Path, *, stem: str, suffix: str) -> Path:
    """Move a file into a folder under its name, or under one with a number if that is taken.

    Raises
    ------
    WriteError : there are too many of this name
    """
    for target in _names(folder, stem=stem, suffix=suffix):
        try:
            target.touch(exist_ok=False)  # the name is ours from here on
        except FileExistsError:
            continue
        return draft.replace(target)
    raise WriteError(f"there are too many files called {stem}{suffix}; send it under another name")


def place_folder(draft: Path, folder: Path, *, name: str) -> Path:
    """Move a folder that is not empty into another one; names and errors as for `place_file`."""
    for target in _names(folder, stem=name, suffix=""):
        if target.exists() or target.is_symlink():
            continue
        try:
            return draft.rename(target)
        except OSError:
            if not target.exists():
                raise  # else somebody took the name just now
    raise WriteError(f"there are too many folders called {name}; send it under another name")


def _names(folder: Path, *, stem: str, suffix: str) -> Iterator[Path]:
    yield folder / f"{stem}{suffix}"
    yield from (folder / f"{stem}-{number}{suffix}" for number in range(2, _MOST_NAMES))
