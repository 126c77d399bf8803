"""Masks that people and programs send: read under limits, and only on the grid of their scan."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import numpy as np

from isegformer.errors import MaskError, VolumeReadError, WriteError
from isegformer.server.uploads import SUFFIXES, copy_within
from isegformer.volume import LabelMap, Volume, label_counts, read_label_map
from isegformer.volume.io.limits import ReadLimits, read_limits

TOLERANCE_MM = 0.05
"""How far voxel centres may lie apart: programs round the numbers in headers."""
MOST_OBJECTS = 1000
"""More labels than these are intensities: somebody took a scan for its mask."""


def take_mask(name: str, content: BinaryIO, *, volume: Volume, most_bytes: int) -> LabelMap:
    """Return a mask that was sent, on the grid of its volume.

    It is written to a folder of its own, so that a header that names another file finds none.

    Raises
    ------
    MaskError : a name with another suffix, a file that cannot be read, another grid, or a scan
    LimitError : it has more bytes than are taken
    WriteError : there is no room to keep it while it is read
    """
    suffix = next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), None)
    if suffix is None:
        raise MaskError(
            f"the mask is called {name[:60]!r}, expected a name that ends in {', '.join(SUFFIXES)}"
        )
    with TemporaryDirectory(prefix="isegformer-") as folder:
        path = Path(folder) / f"mask{suffix}"
        try:
            copy_within(content, path, most_bytes=most_bytes)
        except OSError as error:
            raise WriteError(f"the mask could not be kept while it is read: {error}") from error
        label_map = read_mask(path, volume=volume)
    n_labels = len(label_counts(label_map.labels))
    if n_labels > MOST_OBJECTS:
        raise MaskError(
            f"the mask has {n_labels} different values, expected at most {MOST_OBJECTS}: is it a scan?"
        )
    return label_map


def read_mask(path: Path, *, volume: Volume) -> LabelMap:
    """Return the mask in a file, on the grid of its volume; MaskError if that cannot be."""
    # Masks compress by hundreds, so it is the number of voxels that keeps memory in bounds.
    limits = ReadLimits(voxels=int(np.prod(volume.geometry.shape)))
    try:
        with read_limits(limits):
            label_map = read_label_map(path)
    except VolumeReadError as error:
        raise MaskError(
            f"the mask cannot be used: {str(error).replace(str(path), 'what was sent')}"
        ) from error
    found, expected = label_map.geometry, volume.geometry
    if not found.is_close(expected, TOLERANCE_MM):
        raise MaskError(
            f"the mask has the grid {found.shape}, origin {_text(found.origin_mm)} mm, expected that of its "
            f"scan, {expected.shape}, origin {_text(expected.origin_mm)} mm"
        )
    return LabelMap(label_map.labels, expected, label_map.names)


def _text(point_mm: tuple[float, float, float]) -> str:
    return "(" + ", ".join(f"{value:.2f}" for value in point_mm) + ")"
