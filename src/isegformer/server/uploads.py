"""Files that people send: taken into the data root only once they are known to be volumes.

What comes is put into a hidden folder first, under names that nobody can guess, and read there under the
limits for uploads. A file is alone in it, so that a header that names another file finds none: it could show
that file as voxels. One at a time, so that many together cannot take more memory than one. Then it gets its
own name, made safe; what is there already is never replaced.
"""

import os
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from isegformer.errors import IsegformerError, LimitError, RequestError, VolumeReadError, WriteError
from isegformer.server.data_root import DataRoot, Scan
from isegformer.server.placing import hidden_cell, place_file, place_folder, remove_left_cells
from isegformer.server.series_uploads import write_archive, write_images
from isegformer.server.settings import Limits
from isegformer.volume import read_volume
from isegformer.volume.io.limits import read_limits

SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha")
"""Formats that are one file; headers that name other files are not taken."""

ARCHIVE = ".zip"
DICOM_SUFFIXES = (".dcm", ".dicom", ".ima")
LONGEST_NAME = 120
_SERIES_NAME = "dicom"
"""Folder of a series that came as files: their names tell nothing."""
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class SentFile:
    """A file and what its sender calls it."""

    name: str
    content: BinaryIO


class Uploads:
    """Takes scans into a data root."""

    def __init__(self, data_root: DataRoot, *, limits: Limits) -> None:
        self._data_root = data_root
        self._limits = limits
        self._reading = threading.Lock()
        remove_left_cells(data_root.folder)

    def take(self, files: Sequence[SentFile]) -> Scan:
        """Return the new scan: of one file, or of a DICOM series as an archive or as several files.

        Raises
        ------
        RequestError : a name with another suffix, or no archive, or no DICOM files
        LimitError : it is larger than the limits, or unfolds to more
        VolumeReadError : it is no volume, damaged, or asks for more memory than the limits allow
        WriteError : it cannot be written
        """
        try:
            with hidden_cell(self._data_root.folder) as cell:
                if len(files) == 1 and not files[0].name.lower().endswith((ARCHIVE, *DICOM_SUFFIXES)):
                    return self._data_root.scan_at(self._take_file(files[0], cell))
                return self._data_root.scan_at(self._take_series(files, cell))
        except OSError as error:
            if isinstance(error, IsegformerError):
                raise
            raise WriteError(f"the scan could not be kept: {error}; nothing was left behind") from error

    def _take_file(self, file: SentFile, cell: Path) -> Path:
        safe = safe_name(file.name)
        suffix = _suffix(safe)
        draft = cell / f"{uuid4().hex}{suffix}"
        copy_within(file.content, draft, most_bytes=self._limits.upload_bytes)
        self._check_volume(draft)
        return place_file(draft, self._data_root.folder, stem=safe.removesuffix(suffix), suffix=suffix)

    def _take_series(self, files: Sequence[SentFile], cell: Path) -> Path:
        draft, name = cell / uuid4().hex, _SERIES_NAME
        draft.mkdir()
        if len(files) == 1 and files[0].name.lower().endswith(ARCHIVE):
            name = _plain(files[0].name)[: -len(ARCHIVE)].rstrip(". ")[:LONGEST_NAME] or _SERIES_NAME
            write_archive(files[0].content, draft, limits=self._limits)
        else:
            write_images((file.content for file in files), draft, limits=self._limits)
        self._check_volume(draft)
        return place_folder(draft, self._data_root.folder, name=name)

    def _check_volume(self, draft: Path) -> None:
        try:
            with self._reading, read_limits(self._limits.for_uploads):
                read_volume(draft)
        except VolumeReadError as error:  # where it lies for now concerns nobody
            raise VolumeReadError(str(error).replace(str(draft), "what was sent")) from error


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
    plain = _plain(name)
    if not plain.lower().endswith(SUFFIXES):
        raise RequestError(
            f"the file is called {plain[:60]!r}, expected a name that ends in {', '.join(SUFFIXES)}, or a "
            f"DICOM series as a {ARCHIVE} archive or as its files; put other formats into the data root "
            "itself"
        )
    suffix = _suffix(plain)
    stem = plain[: -len(suffix)].rstrip(". ") or "scan"
    return stem[:LONGEST_NAME] + suffix


def _plain(name: str) -> str:
    """Return the last part of a name, of harmless characters only."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^\w .()+=,-]", "_", last, flags=re.ASCII).lstrip(". ")


def _suffix(name: str) -> str:
    """Return the suffix of a name that has one of SUFFIXES, lower case."""
    return next(suffix for suffix in SUFFIXES if name.lower().endswith(suffix))


def copy_within(file: BinaryIO, target: Path, *, most_bytes: int) -> None:
    """Write what is sent, as far as the limit and not one byte further; LimitError if there is more."""
    left = most_bytes
    with target.open("xb") as out:
        while chunk := file.read(_CHUNK_BYTES):
            left -= len(chunk)
            if left < 0:
                raise LimitError(f"the file has more than {most_bytes} bytes, which is all that is taken")
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
