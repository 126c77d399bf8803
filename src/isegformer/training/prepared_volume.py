"""Volumes as slices are drawn from them: small, and kept in memory while there is room."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isegformer.datasets import LabelledVolume
from isegformer.training.config import SourceConfig
from isegformer.training.object_labels import object_labels
from isegformer.types import AnyArray
from isegformer.volume import apply_window, default_window

CACHE_BYTES = 2**30
"""Memory for volumes, per process and source: all of a small set, some ten of large knees."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedVolume:
    """A volume to draw slices from."""

    name: str
    image: AnyArray
    """uint8, (I, J, K) or (I, J, K, 3), within the window of the volume."""
    labels: AnyArray
    """uint8 where they fit, else uint16, (I, J, K), as they are stored."""
    starts: tuple[AnyArray, AnyArray, AnyArray]
    """For each axis, the slices on which a sample may start."""


def prepared(case: LabelledVolume, *, config: SourceConfig) -> PreparedVolume:
    """Return what is needed to draw slices from a volume."""
    labels = case.label_map.labels
    window = default_window(case.volume)
    image = (apply_window(case.volume.voxels, window) * 255).round().astype(np.uint8)
    starts = tuple(_starts(image, labels, axis, config=config) for axis in range(3))
    return PreparedVolume(
        name=case.name,
        image=image,
        labels=labels.astype(np.uint8) if labels.max() <= 255 else labels,
        starts=(starts[0], starts[1], starts[2]),
    )


class VolumeCache:
    """Keeps the volumes that were used last, up to a number of bytes; at least one."""

    def __init__(self, read: Callable[[int], PreparedVolume], *, most_bytes: int = CACHE_BYTES) -> None:
        self._read = read
        self._most_bytes = most_bytes
        self._kept: OrderedDict[int, PreparedVolume] = OrderedDict()

    def get(self, number: int) -> PreparedVolume:
        """Return volume `number`, read if it is not there; errors of reading pass through."""
        if number not in self._kept:
            self._kept[number] = self._read(number)
        self._kept.move_to_end(number)
        while len(self._kept) > 1 and sum(map(_bytes, self._kept.values())) > self._most_bytes:
            self._kept.popitem(last=False)
        return self._kept[number]


def _bytes(volume: PreparedVolume) -> int:
    return volume.image.nbytes + volume.labels.nbytes


def _starts(image: AnyArray, labels: AnyArray, axis: int, *, config: SourceConfig) -> AnyArray:
    """Return the slices across `axis` that are asked for and show what the source segments."""
    present = _with_labels if config.objects == "labels" else _with_contrast
    found = present(image, labels, axis, config)
    return found if config.slice_indices is None else found[np.isin(found, config.slice_indices)]


def _with_labels(image: AnyArray, labels: AnyArray, axis: int, config: SourceConfig) -> AnyArray:
    """Return the slices on which some object has at least `least_area_px` pixels."""
    del image
    others = tuple(other for other in range(3) if other != axis)
    objects, _ = object_labels(labels, config=config)
    values = [value for value in np.unique(objects) if value]
    areas = [np.count_nonzero(objects == value, axis=others) for value in values]
    return np.flatnonzero(np.max(areas, axis=0) >= config.least_area_px) if areas else np.empty(0, int)


def _with_contrast(image: AnyArray, labels: AnyArray, axis: int, config: SourceConfig) -> AnyArray:
    """Return the slices that are not of one grey: there are superpixels and regions without any label."""
    del labels, config
    flat = np.moveaxis(image, axis, 0).reshape(image.shape[axis], -1)
    return np.flatnonzero(flat.min(axis=1) < flat.max(axis=1))
