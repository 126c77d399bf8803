"""Atomic writing: a file is replaced as a whole, or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from isegformer.errors import WriteError
from isegformer.types import PathLike


@contextmanager
def replace_atomically(path: PathLike) -> Iterator[Path]:
    """Give a temporary path to write to; move it over `path` when the block ends without an error.

    The temporary file lies in the folder of `path` (a rename is atomic only within a file system) and its
    name ends like that of `path`, since writers choose the format by it. Data and folder are flushed to
    disk. A link is followed; the permissions of an existing file are kept.

    Raises
    ------
    WriteError : anything went wrong; the old file is intact and the temporary one is gone. Or the new file is
        in place, but its folder could not be flushed to disk; the message says so
    """
    target = Path(path).resolve()
    temporary = target.with_name(f".{uuid4().hex[:12]}.tmp.{target.name}")
    try:
        yield temporary
        if target.exists():
            shutil.copymode(target, temporary)
        _flush(temporary)
        os.replace(temporary, target)  # noqa: PTH105  # tests replace os.replace to simulate a full disk
    except Exception as error:
        raise WriteError(
            f"could not write {path}: {error}; {'the file that was there' if target.exists() else 'nothing'} "
            f"{'is intact' if target.exists() else 'was left behind'}"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    try:
        _flush(target.parent)
    except OSError as error:
        raise WriteError(
            f"{path} was written, but its folder could not be flushed to disk: {error}; a power cut now may "
            "bring back what was there before"
        ) from error


def _flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, have reached the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
