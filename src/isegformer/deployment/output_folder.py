"""The folder of an export: complete, or as before."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from isegformer.deployment.description import DESCRIPTION
from isegformer.errors import WriteError


def check_output_folder(folder: Path, *, overwrite: bool) -> None:
    """Raise WriteError where an export could not lie at `folder` in the end.

    Only an earlier export is ever replaced: a wrong path must not cost someone a folder of images.
    """
    if not folder.parent.is_dir():
        raise WriteError(f"cannot export: there is no folder {folder.parent}; make it first")
    if not (folder.exists() or folder.is_symlink()):
        return
    if not (folder / DESCRIPTION).is_file():
        raise WriteError(f"{folder} exists and is no earlier export; choose another folder")
    if not overwrite:
        raise WriteError(f"{folder} holds an export already; choose another folder, or --overwrite")


@contextmanager
def filled_folder(folder: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give an empty folder to write to; it takes the place of `folder` when the block ends without an error.

    Raises
    ------
    WriteError : as for `check_output_folder`, or the disk refuses; what was there is intact
    """
    target = folder.resolve()
    check_output_folder(target, overwrite=overwrite)
    temporary, old = (
        target.with_name(f".{uuid4().hex[:12]}.{what}.{target.name}") for what in ("tmp", "old")
    )
    try:
        temporary.mkdir()
        yield temporary
        if target.exists():
            target.rename(old)
        temporary.rename(target)
    except OSError as error:
        if old.exists() and not target.exists():
            old.rename(target)
        if isinstance(error, WriteError):
            raise
        raise WriteError(f"could not write {folder}: {error}; what was there is intact") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
