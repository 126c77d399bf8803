"""DICOM series that people send, as an archive or as many files: written out one by one under our own names.

What an archive says of itself is not believed. Its list of contents is measured before it is read; what it
unfolds to is counted while it unfolds; the names in it are read by nobody. Links, folders and files that are
not DICOM are left out. Deflated DICOM is refused, because its header alone may unfold without limit.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian

from isegformer.errors import LimitError, RequestError
from isegformer.server.settings import Limits

MOST_IMAGES = 20_000
"""Files in an archive; longer series exist nowhere."""

MOST_LIST_BYTES = 256 * MOST_IMAGES
"""Size of an archive's list of contents; Python needs several times as much memory to read it."""

_PREAMBLE_BYTES = 132
_END = struct.Struct("<4s4H2LH")
"""End of an archive's list: mark, two disks, two counts, size and place of the list, length of a comment."""
_END_MARK, _LOCATOR_MARK = b"PK\5\6", b"PK\6\7"
_LOCATOR_BYTES = 20
_LONGEST_COMMENT = 2**16 - 1
_ENCRYPTED = 1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_CHUNK_BYTES = 1 << 20


class Allowance:
    """Bytes that may still be written; LimitError when they are spent."""

    def __init__(self, left_bytes: int, *, reason: str) -> None:
        self._left_bytes = left_bytes
        self._reason = reason

    def spend(self, n_bytes: int) -> None:
        """Take note of bytes that are about to be written."""
        self._left_bytes -= n_bytes
        if self._left_bytes < 0:
            raise LimitError(self._reason)


def write_archive(archive: BinaryIO, folder: Path, *, limits: Limits) -> None:
    """Write the DICOM files of a ZIP archive into an empty folder.

    Raises
    ------
    RequestError : it is no ZIP archive, damaged, encrypted, or holds no DICOM file
    LimitError : it holds too many files, or unfolds to more than the limits allow
    """
    size_bytes = _check_list(archive)
    allowance = _allowance(size_bytes, limits)
    with _archive_errors(), zipfile.ZipFile(archive) as opened:
        members = [member for member in opened.infolist() if not member.is_dir()]
        if len(members) > MOST_IMAGES:
            raise LimitError(f"the archive holds {len(members)} files, expected at most {MOST_IMAGES}")
        for member in members:
            _check_member(member)
        _write((opened.open(member) for member in members), folder, allowance=allowance)


def write_images(files: Iterable[IO[bytes]], folder: Path, *, limits: Limits) -> None:
    """Write the DICOM files among those that were sent into an empty folder; errors as `write_archive`."""
    reason = f"the files have more than {limits.upload_bytes} bytes, which is all that is taken"
    _write(files, folder, allowance=Allowance(limits.upload_bytes, reason=reason))


def _write(files: Iterable[IO[bytes]], folder: Path, *, allowance: Allowance) -> None:
    number = 0
    for file in files:
        with file:
            number += _write_one(file, folder / f"{number:05d}.dcm", allowance=allowance)
    if number == 0:
        raise RequestError("there is no DICOM file in what was sent, expected the images of one series")


def _write_one(file: IO[bytes], target: Path, *, allowance: Allowance) -> bool:
    """Write a file if it is DICOM, and return whether it was."""
    head = file.read(_PREAMBLE_BYTES)
    allowance.spend(len(head))
    if head[-4:] != b"DICM" or len(head) < _PREAMBLE_BYTES:
        return False
    with target.open("xb") as out:
        out.write(head)
        while chunk := file.read(_CHUNK_BYTES):
            allowance.spend(len(chunk))
            out.write(chunk)
    refuse_deflated(target)
    return True


def refuse_deflated(path: Path) -> None:
    """Refuse a DICOM file that is deflated as a whole, or whose header does not say; RequestError."""
    try:
        syntax = read_file_meta_info(path).get("TransferSyntaxUID")
    except (InvalidDicomError, EOFError, ValueError, KeyError, NotImplementedError) as error:
        raise RequestError(f"the header of a DICOM file is damaged: {error}") from error
    if syntax == DeflatedExplicitVRLittleEndian:
        raise RequestError("a DICOM file is deflated as a whole, which is not taken; send it uncompressed")


def _allowance(size_bytes: int, limits: Limits) -> Allowance:
    most = min(limits.upload_bytes, limits.compression * size_bytes)
    return Allowance(
        most, reason=f"the archive unfolds to more than {most} bytes, which is all that is taken"
    )


def _check_list(archive: BinaryIO) -> int:
    """Refuse a list of contents that would take much memory to read; return the size of the archive."""
    size_bytes = archive.seek(0, 2)
    tail_bytes = min(size_bytes, _END.size + _LONGEST_COMMENT + _LOCATOR_BYTES)
    archive.seek(size_bytes - tail_bytes)
    tail = archive.read(tail_bytes)
    archive.seek(0)
    for at in _ends(tail):
        *_, list_bytes, _, _ = _END.unpack_from(tail, at)
        has_locator = tail[max(0, at - _LOCATOR_BYTES) : at].startswith(_LOCATOR_MARK)
        if has_locator or list_bytes > MOST_LIST_BYTES:
            raise LimitError(f"the archive lists more than is taken, expected at most {MOST_IMAGES} files")
    return size_bytes


def _ends(tail: bytes) -> Iterator[int]:
    """Yield all places that a reader could take for the end of the list; no matter which one it takes."""
    at = tail.find(_END_MARK)
    while 0 <= at <= len(tail) - _END.size:
        yield at
        at = tail.find(_END_MARK, at + 1)


def _check_member(member: zipfile.ZipInfo) -> None:
    if member.flag_bits & _ENCRYPTED:
        raise RequestError("the archive is encrypted; send it without a password")
    if member.compress_type not in _METHODS:
        raise RequestError(
            "the archive is compressed in a way that is not taken, expected a plain ZIP archive"
        )


@contextmanager
def _archive_errors() -> Iterator[None]:
    """Turn what the reader of archives raises on bad bytes into a RequestError."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, struct.error) as error:
        if isinstance(error, RequestError):
            raise
        raise RequestError(f"the archive is damaged, or no ZIP archive: {error}") from error
