"""Form "oai-zib": 507 knees with bones and cartilage, the masks of ZIB beside the scans of the OAI.

Labels are 1 femur, 2 femoral cartilage, 3 tibia, 4 tibial cartilage.

Source: Ambellan et al. 2019, README of the archive at pubdata.zib.de. Masks carry no pose: they fit the scans
up to a rigid motion. Public converters agree on the axes: of a mask, they run to the patient's left, back and
head, and a scan whose grid is named after its nearest patient axes has the same voxels.
"""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from isegformer.datasets.folders import MAX_LIST_BYTES, files_by_case, paired, read_text
from isegformer.datasets.values import Form, LabelledVolume, VolumeCases
from isegformer.errors import DatasetError, UnreadableCaseError
from isegformer.types import AnyArray
from isegformer.volume import LabelMap, axis_codes, read_label_map, read_volume
from isegformer.volume.geometry import Geometry

_LINE = re.compile(r"(\d+)\s*:\s*([\w.]+(?:/[\w.]+)*)\s*")
_MASK_AXES = "LPS"
_OPPOSITE = {"R": "L", "A": "P", "I": "S"}


def posed(mask: AnyArray, geometry: Geometry) -> LabelMap:
    """Return a mask (L, P, S), whose indices grow to the left, back and head, on the grid of its scan.

    Raises
    ------
    UnreadableCaseError : the shapes do not fit
    """
    codes = axis_codes(geometry.affine)
    order = [_MASK_AXES.index(_OPPOSITE.get(code, code)) for code in codes]
    flipped = tuple(axis for axis, code in enumerate(codes) if code in _OPPOSITE)
    labels = np.flip(mask.transpose(order), flipped)
    if labels.shape != geometry.shape:
        raise UnreadableCaseError(f"the mask has shape {labels.shape} on the scan, expected {geometry.shape}")
    return LabelMap(labels, geometry)


def _read(pairs: Mapping[str, tuple[Path, Path]], name: str) -> LabelledVolume:
    scan_path, mask_path = pairs[name]
    volume = read_volume(scan_path)
    label_map = posed(read_label_map(mask_path).labels, volume.geometry)
    return LabelledVolume(name=name, volume=volume, label_map=label_map)


def _scans(folder: Path) -> dict[str, Path]:
    """Return the folder of the scan of each subject."""
    index = folder / "segmentation" / "doc" / "oai_mri_paths.txt"
    scans = {}
    for line in read_text(index, max_bytes=MAX_LIST_BYTES).splitlines():
        if not line.strip():
            continue
        match = _LINE.fullmatch(line)
        if match is None or ".." in PurePosixPath(match[2]).parts:
            raise DatasetError(
                f"{index} holds {line[:60]!r}, expected <subject>: <site>/<subject>/<date>/<series>"
            )
        scans[match[1]] = folder / "00m" / match[2]
    return scans


def _open(folder: Path, split: str) -> VolumeCases:
    del split
    masks = files_by_case(folder / "segmentation" / "segmentation_masks", [".segmentation_masks.mhd"])
    pairs = paired(_scans(folder), masks)
    return VolumeCases(names=tuple(pairs), read_named=partial(_read, pairs))


FORM = Form(
    name="oai-zib",
    tree="""\
<folder>/
  segmentation/segmentation_masks/<subject>.segmentation_masks.mhd   and .raw
  segmentation/doc/oai_mri_paths.txt                <subject>: 0.C.2/<subject>/<date>/<series>
  00m/0.C.2/<subject>/<date>/<series>/001 ...       the scans, from the OAI
  00m/0.E.1/<subject>/<date>/<series>/001 ...""",
    open=_open,
)
