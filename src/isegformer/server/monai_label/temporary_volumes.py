"""Volumes that clients upload for a while: 3D Slicer does so with what it has loaded from elsewhere."""

import re
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from threading import Lock
from uuid import uuid4

from isegformer.errors import NotFoundError, RequestError
from isegformer.server.leases import LeaseStore, Opened
from isegformer.server.settings import Limits
from isegformer.server.uploads import DICOM_SUFFIXES, SUFFIXES
from isegformer.volume import Volume, read_volume
from isegformer.volume.io.limits import read_limits

DEFAULT_EXPIRY_S = 3600
LONGEST_EXPIRY_S = 24 * 3600
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(kw_only=True)
class TemporaryVolume:
    """One uploaded volume."""

    id: str
    path: Path
    """A file, or a folder of DICOM files."""
    created_s: float
    last_used_s: float
    expiry_s: int


@dataclass(frozen=True, kw_only=True)
class ReceivedFile:
    """One file of an upload: the name it came with, and what writes it to a path."""

    name: str
    save: Callable[[Path], None]


class TemporaryVolumes:
    """Uploads by id, until they were not used for their expiry.

    Each server has a folder of its own in `folder`; what one that was killed left there goes after a day.

    Parameters
    ----------
    now : seconds since the epoch
    """

    def __init__(
        self, folder: Path, leases: LeaseStore, *, limits: Limits, now: Callable[[], float] = time.time
    ) -> None:
        for left_over in folder.glob("*"):
            if now() - left_over.stat().st_mtime > LONGEST_EXPIRY_S:
                rmtree(left_over, ignore_errors=True)
        self._folder = folder / uuid4().hex
        self._leases = leases
        self._limits = limits
        self._now = now
        self._lock = Lock()
        self._uploads: dict[str, TemporaryVolume] = {}

    def close(self) -> None:
        """Forget all uploads."""
        rmtree(self._folder, ignore_errors=True)

    def add(self, files: Sequence[ReceivedFile], *, expiry_s: int) -> TemporaryVolume:
        """Keep an upload; several files are the slices of one DICOM series.

        Raises
        ------
        RequestError : no file, or one of a kind that is not taken
        VolumeReadError : the files are no volume; nothing is kept
        """
        if not files:
            raise RequestError("no file was uploaded, expected a volume")
        self._drop_expired()
        for file in files:
            check_ending(file.name)
        folder = self._folder / uuid4().hex
        folder.mkdir(parents=True)
        try:
            path = _saved(files, folder)
            with read_limits(self._limits.for_uploads):
                read_volume(path)
        except BaseException:
            rmtree(folder, ignore_errors=True)
            raise
        expiry = min(expiry_s, LONGEST_EXPIRY_S) if expiry_s > 0 else DEFAULT_EXPIRY_S
        upload = TemporaryVolume(
            id=folder.name, path=path, created_s=self._now(), last_used_s=self._now(), expiry_s=expiry
        )
        with self._lock:
            self._uploads[upload.id] = upload
        return upload

    def get(self, upload_id: str) -> TemporaryVolume:
        """Return an upload, which counts as used; NotFoundError if there is none (any more)."""
        self._drop_expired()
        with self._lock:
            upload = self._uploads.get(upload_id) if _ID.fullmatch(upload_id) else None
            if upload is None:
                raise NotFoundError(f"there is no session {upload_id[:40]!r}; it may have expired")
            upload.last_used_s = self._now()
            return upload

    def volume(self, upload: TemporaryVolume) -> AbstractContextManager[Volume]:
        """Give the volume of an upload for a block."""

        def read() -> Opened:
            with read_limits(self._limits.for_uploads):
                volume = read_volume(upload.path)
            return Opened(value=volume, size_bytes=volume.voxels.nbytes, close=lambda: None)

        return self._leases.lease(("upload", upload.id), read)

    def remove(self, upload_id: str) -> TemporaryVolume:
        """Forget an upload; NotFoundError if there is none."""
        upload = self.get(upload_id)
        self._drop(upload)
        return upload

    def _drop_expired(self) -> None:
        now = self._now()
        with self._lock:
            expired = [u for u in self._uploads.values() if now - u.last_used_s > u.expiry_s]
        for upload in expired:
            self._drop(upload)

    def _drop(self, upload: TemporaryVolume) -> None:
        with self._lock:
            self._uploads.pop(upload.id, None)
        rmtree(self._folder / upload.id, ignore_errors=True)


def _saved(files: Sequence[ReceivedFile], folder: Path) -> Path:
    """Write the files under names of our own; of theirs, only the known endings count."""
    if len(files) == 1:
        path = folder / f"volume{ending_of(files[0].name)}"
        files[0].save(path)
        return path
    for number, file in enumerate(files):
        file.save(folder / f"{number:05d}{ending_of(file.name)}")
    return folder


def check_ending(name: str) -> None:
    """Refuse files of other kinds than uploads may have; RequestError."""
    ending = ending_of(name)
    if ending not in ("", *SUFFIXES, *DICOM_SUFFIXES) and not ending[1:].isdigit():  # as in UIDs
        raise RequestError(
            f"the file is called {name[-60:]!r}, expected a name that ends in {', '.join(SUFFIXES)}, or DICOM"
        )


def ending_of(name: str) -> str:
    """Return the ending of a file name in lower case, with the dot; empty where there is none."""
    match = re.search(r"(\.nii\.gz|\.[a-z0-9]{1,5})$", name.lower())
    return match.group(1) if match else ""
