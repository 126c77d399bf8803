"""Label maps that clients submit: a file in any mask format, or the plain voxels that OHIF sends."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from isegformer.errors import MaskError, RequestError
from isegformer.server.monai_label.temporary_volumes import ReceivedFile, check_ending, ending_of
from isegformer.server.sent_masks import read_mask
from isegformer.types import Labels
from isegformer.volume import LabelMap, Volume
from isegformer.volume.label_map import MAX_LABEL

PLAIN = ".bin"
"""Uint8 voxels without a header, i fastest; the grid is that of the image."""
LONGEST_NAME = 200


def read_submitted(received: ReceivedFile, params: str, *, volume: Volume) -> LabelMap:
    """Return a submitted label map on the grid of its volume, with the names in `params`.

    Parameters
    ----------
    params : JSON text, `{"label_info": [{"name", "idx"}, ...]}`; everything else in it is not used

    Raises
    ------
    RequestError : params that are no JSON object, or a file of another kind
    MaskError : the file cannot be read, or lies on another grid
    """
    ending = ending_of(received.name)
    if ending != PLAIN:
        check_ending(received.name)
    with TemporaryDirectory(prefix="isegformer-") as folder:
        path = Path(folder) / f"label{ending}"
        received.save(path)
        is_plain = ending == PLAIN
        labels = _plain_labels(path, volume) if is_plain else read_mask(path, volume=volume).labels
    return LabelMap(labels, volume.geometry, _names(params))


def _plain_labels(path: Path, volume: Volume) -> Labels:
    shape = volume.geometry.shape
    expected = int(np.prod(shape))
    found = path.stat().st_size
    if found != expected:
        raise MaskError(f"the label has {found} bytes, expected {expected}, one for each voxel")
    return np.fromfile(path, np.uint8).reshape(shape, order="F").astype(np.uint16)


def _names(params: str) -> dict[int, str]:
    """Return label -> name of what can be understood; a name is a comfort, its lack no reason to refuse."""
    try:
        record: Any = json.loads(params or "{}")
    except (ValueError, RecursionError) as error:
        raise RequestError(f"params are no JSON: {error}") from error
    if not isinstance(record, dict):
        raise RequestError(f"params are {type(record).__name__}, expected a JSON object")
    items = record.get("label_info")
    names: dict[int, str] = {}
    for item in items if isinstance(items, list) else []:
        if not isinstance(item, dict):
            continue
        name, label = item.get("name"), item.get("idx")
        is_named = isinstance(name, str) and bool(name.strip())
        if isinstance(label, int) and not isinstance(label, bool) and 1 <= label <= MAX_LABEL and is_named:
            names[label] = str(name).strip()[:LONGEST_NAME]
    return names
