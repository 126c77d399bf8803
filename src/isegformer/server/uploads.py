"""Files that people send: taken into the data root only once they are known to be volumes.

A file is put alone into a hidden folder first, under a name that nobody can guess, and read there under the
limits for uploads. Alone, so that a header that names another file finds none: it could show that file as
voxels. One at a time, so that many together cannot take more memory than one. Then the file gets its own
name, made safe; what is there already is never replaced.
"""

import os
import re
import shutil
import threading
import time
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from isegformer.errors import IsegformerError, LimitError, RequestError, WriteError
from isegformer.server.data_root import DataRoot, Scan
from isegformer.server.settings import Limits
from isegformer.volume import read_volume
from isegformer.volume.io.limits import read_limits

SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha")
"""Formats that are one file; headers that name other files are not taken."""

LONGEST_NAME = 120
_PREFIX = ".upload-"
_STALE_S = 24 * 3600
"""No upload takes that long; younger folders may be those of another server on the same data root."""
_CHUNK_BYTES = 1 << 20


class Uploads:
    """Takes files into a data root."""

    def __init__(self, data_root: DataRoot, *, limits: Limits) -> None:
        self._data_root = data_root
        self._limits = limits
        self._reading = threading.Lock()
        for left_over in data_root.folder.glob(f"{_PREFIX}*"):  # of a server that was killed
            if time.time() - left_over.stat().st_mtime > _STALE_S:
                shutil.rmtree(left_over, ignore_errors=True)

    def take(self, file: BinaryIO, *, name: str) -> Scan:
        """Return the new scan.

        Raises
        ------
        RequestError : a name with another suffix
        LimitError : the file is larger than the limit
        VolumeReadError : it is no volume, damaged, or asks for more memory than the limits allow
        WriteError : it cannot be written
        """
        safe = safe_name(name)
        cell = self._data_root.folder / f"{_PREFIX}{uuid4().hex}"
        draft = cell / f"{uuid4().hex}{_suffix(safe)}"
        try:
            cell.mkdir()
            _copy(file, draft, most_bytes=self._limits.upload_bytes)
            with self._reading, read_limits(self._limits.for_uploads):
                read_volume(draft)
            return self._data_root.scan_at(_put(draft, self._data_root.folder, name=safe))
        except OSError as error:
            if isinstance(error, IsegformerError):
                raise
            raise WriteError(f"{safe} could not be kept: {error}; nothing was left behind") from error
        finally:
            shutil.rmtree(cell, ignore_errors=True)


def safe_name(name: str) -> str:
    """Return the last part of a name with nothing in it that a file system or a page could take amiss.

    Raises
    ------
    RequestError : another suffix than those of volumes in one file

    Examples
    --------
    >>> safe_name("../../etc/.knee scan?.nii.gz")
    'knee scan_.nii.gz'
    """
    last = re.split(r"[/\\]", name)[-1]
    plain = re.sub(r"[^\w .()+=,-]", "_", last, flags=re.ASCII).lstrip(". ")
    if not plain.lower().endswith(SUFFIXES):
        raise RequestError(
            f"the file is called {last[:60]!r}, expected a name that ends in {', '.join(SUFFIXES)}; put "
            "DICOM folders and other formats into the data root itself"
        )
    suffix = _suffix(plain)
    stem = plain[: -len(suffix)].rstrip(". ") or "scan"
    return stem[:LONGEST_NAME] + suffix


def _suffix(name: str) -> str:
    """Return the suffix of a name that has one of SUFFIXES, lower case."""
    return next(suffix for suffix in SUFFIXES if name.lower().endswith(suffix))


def _copy(file: BinaryIO, target: Path, *, most_bytes: int) -> None:
    """Write what is sent, as far as the limit and not one byte further."""
    left = most_bytes
    with target.open("xb") as out:
        while chunk := file.read(_CHUNK_BYTES):
            left -= len(chunk)
            if left < 0:
                raise LimitError(f"the file has more than {most_bytes} bytes, which is all that is taken")
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())


def _put(draft: Path, folder: Path, *, name: str) -> Path:
    """Give a file its name, or one that is free if that is taken."""
    suffix = _suffix(name)
    for number in range(1, 10_000):
        target = folder / (name if number == 1 else f"{name[: -len(suffix)]}-{number}{suffix}")
        try:
            target.touch(exist_ok=False)  # the name is ours from here on
        except FileExistsError:
            continue
        return draft.replace(target)
    raise WriteError(f"there are too many files called {name}; send it under another name")
