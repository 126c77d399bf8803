"""The folder with the scans: what is in it, and nothing of what is outside.

A scan is a file of a format that carries its own grid, a Zarr image or array with all that is below it, or a
folder with DICOM images or the numbered pictures of one stack directly in it. Its identity is a hash of its
path below the root, so it survives restarts and tells nothing. Names that begin with a dot are left out;
links count only where they end inside the root. Stacks and plain arrays do not say how far apart their voxels
are; what a person said of that belongs to the scan.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from isegformer.errors import NotFoundError, VolumeReadError
from isegformer.volume.io.dicom_headers import is_dicom_file
from isegformer.volume.io.image_stack import IMAGE_IO, are_one_stack
from isegformer.volume.io.ome_zarr import content_of, is_zarr_folder
from isegformer.volume.io.registry import Spacing

KINDS = {
    ".nii": "nifti",
    ".nii.gz": "nifti",
    ".nrrd": "nrrd",
    ".nhdr": "nrrd",
    ".mha": "meta",
    ".mhd": "meta",
}
"""Kind of a file by its suffix."""

DEEPEST = 8
"""Levels of folders that are looked through."""

MOST_SCANS = 5000
"""Scans that are listed; a data root with more should be split."""

FileState: TypeAlias = tuple[int, int, int]
"""Of a file or folder, see `file_state`."""

MOST_CHUNKS = 20_000
"""Files of a Zarr folder that are looked at for its size and time."""

_LOOKED_AT = 16
"""Files of a folder that are looked at to find out whether it is a DICOM series."""


@dataclass(frozen=True, kw_only=True)
class Scan:
    """One scan of the data root, as it was when it was listed."""

    id: str
    name: str
    """Path below the root, with forward slashes."""
    kind: str
    path: Path
    size_bytes: int
    modified_utc: datetime
    has_spacing: bool
    """Whether the files say how far apart the voxels are."""
    spacing_mm: Spacing | None = None
    """What a person said, where the files do not."""

    @property
    def needs_spacing(self) -> bool:
        """Whether nothing and nobody has said yet how far apart the voxels are."""
        return not self.has_spacing and self.spacing_mm is None

    @property
    def stamp(self) -> str:
        """Changes with the content, as far as size and time tell, and with the spacing."""
        given = "".join(f"-{step!r}" for step in self.spacing_mm or ())
        return f"{self.size_bytes:x}-{int(self.modified_utc.timestamp() * 1e6):x}{given}"


def _nobody_said(scan_id: str) -> None:
    """Return what is known of the spacing of any scan where nobody is asked."""


class DataRoot:
    """All scans below one folder.

    Parameters
    ----------
    spacing_of : returns what a person said of the spacing of the scan of an id, in mm
    """

    def __init__(self, root: Path, *, spacing_of: Callable[[str], Spacing | None] = _nobody_said) -> None:
        self._root = root.resolve()
        self._spacing_of = spacing_of
        self._places: dict[str, Path] = {}

    @property
    def folder(self) -> Path:
        """The folder, without links."""
        return self._root

    def scans(self) -> tuple[Scan, ...]:
        """Return all scans, by name; not more than MOST_SCANS."""
        return tuple(sorted(islice(self._found(), MOST_SCANS), key=lambda scan: scan.name))

    def scan(self, scan_id: str) -> Scan:
        """Return one scan; NotFoundError if there is none of this id (any more)."""
        place = self._places.get(scan_id)
        scan = None if place is None else self._scan_of(place)
        if scan is not None:
            return scan
        for found in self._found():
            self._places[found.id] = found.path
            if found.id == scan_id:
                return found
        raise NotFoundError(f"there is no scan {scan_id[:32]!r}; list the scans again")

    def scan_at(self, path: Path) -> Scan:
        """Return the scan at a path; NotFoundError if that is none, or outside the root."""
        scan = self._scan_of(path.resolve())
        if scan is not None:
            return scan
        raise NotFoundError(f"{path.name!r} is no scan in the data root, expected one of {', '.join(KINDS)}")

    def _found(self) -> Iterator[Scan]:
        for folder, subfolders, files in os.walk(self._root):
            here = Path(folder)
            if _is_zarr_scan(here):
                subfolders.clear()
                if here != self._root and (scan := self._zarr_scan(here)) is not None:
                    yield scan
                continue
            depth = len(here.relative_to(self._root).parts)
            kept = sorted(name for name in subfolders if not name.startswith(".") and depth < DEEPEST)
            subfolders[:] = kept
            names = sorted(name for name in files if not name.startswith("."))
            yield from (scan for name in names if (scan := self._file_scan(here / name)) is not None)
            scan = None if here == self._root else self._folder_scan(here, names)
            if scan is not None:
                yield scan

    def _scan_of(self, path: Path) -> Scan | None:
        """Return the scan at a path below the root, as it is now."""
        if not path.resolve().is_relative_to(self._root):
            return None
        if not path.is_dir():
            return self._file_scan(path)
        return self._zarr_scan(path) if _is_zarr_scan(path) else self._folder_scan(path, _names_in(path))

    def _zarr_scan(self, folder: Path) -> Scan | None:
        files = list(islice(_files_below(folder), MOST_CHUNKS))
        if not all(self._is_inside(file) for file in files):  # the reader refuses links out of the folder
            return None
        return self._scan(folder, kind="zarr", parts=files, has_spacing=not _is_array(folder))

    def _folder_scan(self, folder: Path, names: list[str]) -> Scan | None:
        inside = [name for name in names if self._is_inside(folder / name)]
        kind = _kind_of(folder, inside)
        if kind is None or len(inside) < len(names):  # links out of the root: readers would follow them
            return None
        parts = [folder / name for name in names]
        return self._scan(folder, kind=kind, parts=parts, has_spacing=kind != "stack")

    def _file_scan(self, path: Path) -> Scan | None:
        kind = next((kind for suffix, kind in KINDS.items() if path.name.lower().endswith(suffix)), None)
        if kind is None or not self._is_inside(path):
            return None
        return self._scan(path, kind=kind, parts=[path], has_spacing=True)

    def _scan(self, path: Path, *, kind: str, parts: list[Path], has_spacing: bool) -> Scan:
        states = [part.lstat() if part.is_symlink() else part.stat() for part in parts]
        modified_s = max((state.st_mtime for state in states), default=0.0)
        name = path.relative_to(self._root).as_posix()
        identity = scan_id(name)
        return Scan(
            id=identity,
            name=name.encode("utf-8", "replace").decode(),
            kind=kind,
            path=path,
            size_bytes=sum(state.st_size for state in states),
            modified_utc=datetime.fromtimestamp(modified_s, UTC),
            has_spacing=has_spacing,
            spacing_mm=None if has_spacing else self._spacing_of(identity),
        )

    def _is_inside(self, path: Path) -> bool:
        return path.is_file() and path.resolve().is_relative_to(self._root)


def file_state(path: Path) -> FileState | None:
    """Return what tells a file from another one that was put in its place; None where there is none.

    Of a folder this tells whether files came or went, not whether one was written over.
    """
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_ino, state.st_size, state.st_mtime_ns


def scan_id(name: str) -> str:
    """Return the id of the scan with a path below the root."""
    return sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def folder_kind(folder: Path) -> str | None:
    """Return what a folder is as a volume; None if it is none."""
    if _is_zarr_scan(folder):
        return "zarr"
    return _kind_of(folder, _names_in(folder))


def _is_zarr_scan(folder: Path) -> bool:
    """Whether a folder is Zarr that is read as one; groups without an image are folders like others."""
    try:
        return is_zarr_folder(folder) and content_of(folder) != "group"
    except VolumeReadError:
        return True  # whoever opens it is told what is wrong


def _is_array(folder: Path) -> bool:
    """Whether a Zarr folder is a plain array."""
    try:
        return content_of(folder) == "array"
    except VolumeReadError:
        return False


def _names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file() and path.name[0] != ".")


def _files_below(folder: Path) -> Iterator[Path]:
    """Yield what is no folder in a folder and in those below it; links are not followed."""
    for here, _, names in os.walk(folder):
        yield from (Path(here, name) for name in names)


def _kind_of(folder: Path, names: list[str]) -> str | None:
    if any(name.lower().endswith(tuple(KINDS)) for name in names):
        return None
    if any(is_dicom_file(folder / name) for name in names[:_LOOKED_AT]):
        return "dicom"
    pictures = [name for name in names if Path(name).suffix.lower() in IMAGE_IO]
    return "stack" if len(pictures) > 1 and are_one_stack(pictures) else None
