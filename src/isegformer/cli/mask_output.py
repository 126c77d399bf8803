"""The mask that a command writes: refused before the work if it could not be written after it."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from isegformer.errors import VolumeWriteError
from isegformer.volume import LabelMap, label_counts
from isegformer.volume.io.registry import FORMATS


def check_output(path: Path, *, inputs: Iterable[Path]) -> None:
    """Raise VolumeWriteError where a mask could not be written to `path`, or would replace one of `inputs`.

    A network works for minutes; a folder that is missing shall not be found out after that.
    """
    suffixes = tuple(suffix for entry in FORMATS if entry.write is not None for suffix in entry.suffixes)
    if not path.name.lower().endswith(suffixes):
        raise VolumeWriteError(
            f"cannot write a mask as {path.name!r}, expected a name that ends in {', '.join(suffixes)}"
        )
    check_folder(path.parent, what="the mask")
    if path.is_dir():
        raise VolumeWriteError(f"cannot write the mask to {path}: it is a folder, expected a file name")
    check_apart(path, inputs=inputs)


def check_apart(path: Path, *, inputs: Iterable[Path]) -> None:
    """Raise VolumeWriteError where the file to write is one of those that the command reads."""
    for given in inputs:
        if path.exists() and given.exists() and path.samefile(given):
            raise VolumeWriteError(
                f"the output {path} is what the command reads, and would be lost; expected another file name"
            )


def check_folder(folder: Path, *, what: str) -> None:
    """Raise VolumeWriteError unless files can be made in `folder`."""
    if not folder.is_dir():
        raise VolumeWriteError(f"cannot write {what}: there is no folder {folder}; make it first")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise VolumeWriteError(f"cannot write {what}: the folder {folder} is not writable")


def objects_record(label_map: LabelMap) -> list[dict[str, Any]]:
    """Return label, name, number of voxels and volume in ml of every object of a mask."""
    voxels = {label: count for label, count in label_counts(label_map.labels).items() if label != 0}
    voxel_ml = label_map.geometry.voxel_ml
    return [
        {
            "label": label,
            "name": label_map.name_of(label),
            "voxels": voxels.get(label, 0),
            "volume_ml": voxels.get(label, 0) * voxel_ml,
        }
        for label in sorted({*voxels, *label_map.names})
    ]
