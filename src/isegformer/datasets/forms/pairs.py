"""Cases that are one image file and one label file, and how their labels are read."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np

from isegformer.datasets.images import read_image, read_label_image
from isegformer.datasets.values import LabelledSlice, LabelledVolume, SliceCases, VolumeCases
from isegformer.types import Labels, Mask
from isegformer.volume import read_label_map, read_volume

Pairs: TypeAlias = Mapping[str, tuple[Path, Path]]
"""Image and label file by case."""

LabelReader: TypeAlias = Callable[[Path], tuple[Labels, Mask]]
"""Reads labels (H, W) and ignored pixels (H, W)."""

VOLUME_ENDINGS = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd")
"""Endings of one-file volumes, the longer ones first."""


def slice_pairs(pairs: Pairs, read_labels: LabelReader) -> SliceCases:
    """Return pairs of images as cases."""
    return SliceCases(names=tuple(pairs), read_named=partial(_read_slice, pairs, read_labels))


def volume_pairs(pairs: Pairs) -> VolumeCases:
    """Return pairs of a volume and its label map as cases."""
    return VolumeCases(names=tuple(pairs), read_named=partial(_read_volume, pairs))


def plain_labels(path: Path) -> tuple[Labels, Mask]:
    """Read a label image in which every pixel has a known class."""
    labels = read_label_image(path)
    return labels, np.zeros(labels.shape, np.bool_)


def _read_slice(pairs: Pairs, read_labels: LabelReader, name: str) -> LabelledSlice:
    image_path, label_path = pairs[name]
    labels, ignored = read_labels(label_path)
    return LabelledSlice(name=name, image=read_image(image_path), labels=labels, ignored=ignored)


def _read_volume(pairs: Pairs, name: str) -> LabelledVolume:
    image_path, label_path = pairs[name]
    return LabelledVolume(name=name, volume=read_volume(image_path), label_map=read_label_map(label_path))
