"""Form "coco-lvis": photographs of COCO 2017 with the objects of LVIS v1 and COCO together.

Source: Sofiiuk et al. 2022 (RITM), section on training data: the objects of LVIS, and those of COCO that LVIS
lacks; two masks with IoU above 0.8 are one object. The original annotation files are read, not the archive of
pickles that RITM offers, since a pickle may run code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from isegformer.datasets.coco_annotations import AnnotatedImage, Outline, read_annotations
from isegformer.datasets.images import read_image
from isegformer.datasets.values import Form, LabelledSlice, SliceCases
from isegformer.errors import DatasetError, UnreadableCaseError
from isegformer.types import AnyArray, Labels, Mask

SAME_OBJECT_IOU = 0.8
"""Above it, a mask of COCO and one of LVIS are the same object."""
SPLITS = ("train", "val")
MAX_OBJECTS = 5000
"""Outlines of an image; those of COCO and LVIS have some hundred at most."""


@dataclass(frozen=True, kw_only=True)
class _Annotations:
    """What both sets say about the images of a split; not every image is in both."""

    lvis: Mapping[str, AnnotatedImage]
    coco: Mapping[str, AnnotatedImage]


def merged(first: Sequence[Mask], second: Sequence[Mask]) -> list[Mask]:
    """Return all masks (H, W) of `first`, and those of `second` that are none of them."""
    areas = [int(np.count_nonzero(mask)) for mask in first]
    kept = list(first)
    for mask in second:
        area = int(np.count_nonzero(mask))
        shared = [int(np.count_nonzero(mask & other)) for other in first]
        ious = [n / max(area + a - n, 1) for n, a in zip(shared, areas, strict=True)]
        if max(ious, default=0.0) <= SAME_OBJECT_IOU:
            kept.append(mask)
    return kept


def label_image(masks: Sequence[Mask], shape: tuple[int, int]) -> Labels:
    """Return labels 1, 2, ... of masks from the largest to the smallest; the smaller ones lie on top."""
    labels = np.zeros(shape, np.uint16)
    for label, mask in enumerate(sorted(masks, key=np.count_nonzero, reverse=True), start=1):
        labels[mask] = label
    return labels


def _read(annotations: _Annotations, folder: Path, name: str) -> LabelledSlice:
    found = [part[name] for part in (annotations.lvis, annotations.coco) if name in part]
    image = read_image(folder / found[0].path)
    shape = (image.shape[0], image.shape[1])
    if any(entry.shape != shape for entry in found):
        raise UnreadableCaseError(
            f"the image has size {shape}, expected {found[0].shape} as it was annotated"
        )
    if sum(len(entry.outlines) + len(entry.crowds) for entry in found) > MAX_OBJECTS:
        raise UnreadableCaseError(f"the image has more than {MAX_OBJECTS} outlines")
    lvis, coco = (
        _masks(part[name].outlines, shape) if name in part else []
        for part in (annotations.lvis, annotations.coco)
    )
    labels = label_image(merged(lvis, coco), shape)
    ignored = _union([outline for entry in found for outline in entry.crowds], shape) & (labels == 0)
    return LabelledSlice(name=name, image=image, labels=labels, ignored=ignored)


def _masks(outlines: Sequence[Outline], shape: tuple[int, int]) -> list[Mask]:
    return [outline.mask(shape) for outline in outlines]


def _union(outlines: Sequence[Outline], shape: tuple[int, int]) -> AnyArray:
    found = np.zeros(shape, np.bool_)
    for mask in _masks(outlines, shape):
        found |= mask
    return found


def _open(folder: Path, split: str) -> SliceCases:
    if split not in SPLITS:
        raise DatasetError(f"there is no split {split!r}, expected one of: {', '.join(SPLITS)}")
    files = {
        "lvis": folder / "annotations" / f"lvis_v1_{split}.json",
        "coco": folder / "annotations" / f"instances_{split}2017.json",
    }
    if not any(path.is_file() for path in files.values()):
        raise DatasetError(f"there is neither {files['lvis'].name} nor {files['coco'].name} in annotations")
    read = {
        part: read_annotations(path, default_folder=f"{split}2017") if path.is_file() else {}
        for part, path in files.items()
    }
    annotations = _Annotations(lvis=read["lvis"], coco=read["coco"])
    # RITM trains on the images of LVIS; those that COCO alone has lack too many objects.
    names = [name for name in sorted(annotations.lvis or annotations.coco) if _has_objects(annotations, name)]
    return SliceCases(names=tuple(names), read_named=partial(_read, annotations, folder))


def _has_objects(annotations: _Annotations, name: str) -> bool:
    return any(name in part and part[name].outlines for part in (annotations.lvis, annotations.coco))


FORM = Form(
    name="coco-lvis",
    tree="""\
<folder>/
  train2017/000000000009.jpg ...       images of COCO 2017
  val2017/...
  annotations/lvis_v1_<split>.json     <split> is train or val; one of the two files may be missing
  annotations/instances_<split>2017.json""",
    open=_open,
)
