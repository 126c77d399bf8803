"""Annotation files in COCO's form: which outlines belong to which image.

The file is JSON with `images` (id, width, height, file_name or coco_url) and `annotations` (image_id,
segmentation, iscrowd). A segmentation is a list of polygons [x, y, x, y, ...], or {size, counts} with run
lengths. Sources: cocodataset.org/#format-data; lvisdataset.org/dataset (v1 names images by coco_url alone).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from isegformer.datasets.folders import read_text
from isegformer.datasets.polygons import mask_from_polygon
from isegformer.datasets.run_length import counts_from_text, mask_from_counts
from isegformer.errors import DatasetError, UnreadableCaseError
from isegformer.types import AnyArray, Mask

MAX_ANNOTATION_BYTES = 2**31
"""Largest annotation file that is read; that of LVIS v1 for training has 1.1 GB."""

_FILE_NAME = re.compile(r"(?:https?://[\w.]+/)?(?:(?P<folder>(?:train|val)2017)/)?(?P<file>\d{1,12}\.jpg)")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Polygons:
    """An outline of one or more polygons."""

    parts: tuple[AnyArray, ...]
    """Each float32 (N, 2): corners (x, y) in pixels."""

    def mask(self, shape: tuple[int, int]) -> Mask:
        """Return the union of the polygons, (H, W)."""
        found = np.zeros(shape, np.bool_)
        for part in self.parts:
            found |= mask_from_polygon(part, shape)
        return found


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Runs:
    """A mask as run lengths."""

    counts: AnyArray
    """int64 (N,)."""

    def mask(self, shape: tuple[int, int]) -> Mask:
        """Return the mask, (H, W)."""
        return mask_from_counts(self.counts, shape)


Outline: TypeAlias = Polygons | Runs


@dataclass(kw_only=True, slots=True, eq=False)
class AnnotatedImage:
    """An image and its outlines, gathered while a file is read."""

    path: str
    """Folder and file, such as train2017/000000000009.jpg."""
    shape: tuple[int, int]
    """(rows, columns)."""
    outlines: list[Outline] = field(default_factory=list)
    """One per object."""
    crowds: list[Outline] = field(default_factory=list)
    """Around groups of objects that were not told apart."""


def read_annotations(path: Path, *, default_folder: str) -> dict[str, AnnotatedImage]:
    """Return the images of a file by name (000000000009), those without objects too.

    Parameters
    ----------
    default_folder : folder of the images where the file does not say it

    Raises
    ------
    DatasetError : the file is missing, too large, not JSON, or not in COCO's form
    """
    text = read_text(path, max_bytes=MAX_ANNOTATION_BYTES)
    try:
        # Outlines become arrays once they are parsed: as lists of numbers they take 8 times the memory.
        record = json.loads(text, object_hook=_with_outline)
        images = {int(entry["id"]): _image(entry, default_folder) for entry in record["images"]}
        for entry in record["annotations"]:
            image = images[int(entry["image_id"])]
            (image.crowds if entry.get("iscrowd") else image.outlines).append(entry["segmentation"])
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise DatasetError(f"{path} is not in COCO's form: {type(error).__name__} {error}") from error
    return {Path(image.path).stem: image for image in images.values()}


def _image(entry: Mapping[str, Any], default_folder: str) -> AnnotatedImage:
    location = entry["file_name"] if "file_name" in entry else entry["coco_url"]
    match = _FILE_NAME.fullmatch(location)
    if match is None:
        raise ValueError(f"image {location[:80]!r}, expected a name such as 000000000009.jpg")
    folder = match["folder"] or default_folder
    return AnnotatedImage(path=f"{folder}/{match['file']}", shape=(int(entry["height"]), int(entry["width"])))


def _with_outline(entry: dict[str, Any]) -> dict[str, Any]:
    """Replace the segmentation of an annotation by its outline; other objects stay as they are."""
    if "segmentation" in entry:
        entry["segmentation"] = _outline(entry["segmentation"])
    return entry


def _outline(segmentation: Any) -> Outline:
    """Return an outline; ValueError where it is none."""
    if isinstance(segmentation, dict):
        counts = segmentation["counts"]
        try:
            counts = counts_from_text(counts) if isinstance(counts, str) else counts
        except UnreadableCaseError as error:
            raise ValueError(str(error)) from error
        lengths = np.asarray(counts)
        if lengths.ndim != 1 or lengths.dtype.kind != "i":
            raise ValueError("run lengths that are no whole numbers")
        return Runs(counts=lengths)
    parts = tuple(np.array(part, dtype=np.float32) for part in segmentation)
    if not parts or any(part.ndim != 1 or len(part) < 6 or len(part) % 2 for part in parts):
        raise ValueError("a polygon that is no list of at least 3 pairs of numbers")
    return Polygons(parts=tuple(part.reshape(-1, 2) for part in parts))
