"""Files of a Zarr folder: none outside it, whatever its metadata and links say, and none too large."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isegformer.errors import VolumeReadError

MARKERS = (".zgroup", ".zarray", "zarr.json")
"""A folder with one of these directly in it is a Zarr group or array."""

_MOST_METADATA_BYTES = 8 * 1024**2
"""Real files have some kilobytes."""


def is_zarr_folder(folder: Path) -> bool:
    """Whether a folder is Zarr by its name or by what lies in it."""
    return folder.name.lower().endswith(".zarr") or any((folder / name).is_file() for name in MARKERS)


@dataclass(frozen=True, kw_only=True)
class ZarrFolder:
    """A group or array in the folder that was opened."""

    root: Path
    """What was opened; links may lead to any place in it. Without links itself."""
    path: Path
    """The group or array: `root` or below it."""

    def below(self, name: str) -> "ZarrFolder":
        """Return the group or array at a path in metadata; VolumeReadError if it may lead elsewhere."""
        parts = name.split("/")
        is_plain = all(part not in ("", ".", "..") for part in parts)
        if not is_plain or len(name) > 1000 or any(mark in name for mark in '\\:\0"'):
            raise VolumeReadError(
                f"metadata name a dataset {name[:100]!r}, expected a path within the folder such as '0'"
            )
        return ZarrFolder(root=self.root, path=self.path.joinpath(*parts))

    def find(self, key: str) -> Path | None:
        """Return a file below this folder without links, None if there is none.

        Raises
        ------
        VolumeReadError : it is a link out of the folder that was opened, a broken link or no ordinary file
        """
        path = self.path / key
        real = path.resolve()
        if not real.is_relative_to(self.root):
            raise VolumeReadError(
                f"{path} is a link out of {self.root}, expected a file in that folder: "
                "put the file itself there"
            )
        if real.is_file():
            return real
        if real.exists() or path.is_symlink():
            raise VolumeReadError(f"{path} is no file, expected one")
        return None

    def read(self, key: str, *, most_bytes: int) -> bytes | None:
        """Return a whole file, None if there is none; VolumeReadError as in `find`, or if it is too large."""
        path = self.find(key)
        if path is None:
            return None
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
        if len(data) > most_bytes:
            raise VolumeReadError(
                f"{path} has more than {most_bytes} bytes, more than what it is for can take"
            )
        return data

    def read_part(self, key: str, *, start: int, length: int, most_bytes: int) -> bytes | None:
        """Return a part of a file, counted from its end if `start` is below 0; as `read` otherwise."""
        path = self.find(key)
        if path is None:
            return None
        if length > most_bytes:
            raise VolumeReadError(f"{path} claims a part of {length} bytes, expected at most {most_bytes}")
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(min(start if start >= 0 else max(0, size + start), size))
            data = file.read(length)
        if len(data) < length:
            raise VolumeReadError(f"{path} has {size} bytes and ends within a part of it: it is truncated")
        return data

    def read_json(self, name: str) -> dict[str, Any] | None:
        """Return a file of metadata, None if there is none.

        Raises
        ------
        VolumeReadError : as in `read`, or it holds no JSON object
        """
        data = self.read(name, most_bytes=_MOST_METADATA_BYTES)
        if data is None:
            return None
        try:
            content = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise VolumeReadError(f"{self.path / name} is no JSON: {error}") from error
        if not isinstance(content, dict):
            raise VolumeReadError(
                f"{self.path / name} holds {type(content).__name__}, expected a JSON object"
            )
        return content
