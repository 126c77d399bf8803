"""Form "sbd": the Semantic Boundaries Dataset, photographs of PASCAL VOC 2011 with every object.

Source: Hariharan et al. 2011, README of benchmark.tgz: `inst/<case>.mat` holds a structure GTinst whose field
Segmentation numbers the objects of the image, 0 being background.
"""

import struct
import zlib
from pathlib import Path

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from isegformer.datasets.folders import files_by_case, paired, read_names
from isegformer.datasets.forms.pairs import slice_pairs
from isegformer.datasets.values import Form, SliceCases
from isegformer.errors import DatasetError, UnreadableCaseError
from isegformer.types import AnyArray, Labels, Mask

MAX_MAT_BYTES = 2**20
"""Largest file that is read: those of the dataset have some 10 kB, and data may unpack to 1000 times that."""

_MALFORMED = (
    AttributeError, EOFError, IndexError, KeyError, MatReadError, MemoryError, NotImplementedError, OSError,
    OverflowError, TypeError, ValueError, struct.error, zlib.error,
)  # fmt: skip
"""What SciPy raises on files that are damaged."""


def _segmentation(path: Path) -> AnyArray:
    """Return the field GTinst.Segmentation."""
    try:
        if path.stat().st_size > MAX_MAT_BYTES:
            raise UnreadableCaseError(
                f"{path} has {path.stat().st_size} bytes, expected at most {MAX_MAT_BYTES}"
            )
        structure = loadmat(path, variable_names=["GTinst"])["GTinst"]
        return np.asarray(structure["Segmentation"][0, 0])
    except UnreadableCaseError:
        raise
    except _MALFORMED as error:
        raise UnreadableCaseError(f"{path} holds no GTinst.Segmentation: {error}") from error


def _labels(path: Path) -> tuple[Labels, Mask]:
    labels = _segmentation(path)
    if labels.ndim != 2 or labels.dtype.kind not in "ui" or not labels.size:
        raise UnreadableCaseError(f"{path} has {labels.dtype} {labels.shape}, expected whole numbers (H, W)")
    if labels.min() < 0 or labels.max() > 65535:
        raise UnreadableCaseError(f"{path} has objects {labels.min()} to {labels.max()}, expected 0 to 65535")
    return labels.astype(np.uint16), np.zeros(labels.shape, np.bool_)


def _open(folder: Path, split: str) -> SliceCases:
    names = read_names(folder / f"{split}.txt")
    pairs = paired(files_by_case(folder / "img"), files_by_case(folder / "inst", [".mat"]))
    if missing := [name for name in names if name not in pairs]:
        raise DatasetError(
            f"image or objects of {len(missing)} cases are missing, the first is {missing[0]!r}"
        )
    return slice_pairs({name: pairs[name] for name in names}, _labels)


FORM = Form(
    name="sbd",
    tree="""\
<folder>/                such as benchmark_RELEASE/dataset
  img/<case>.jpg
  inst/<case>.mat        objects
  <split>.txt            names of cases; <split> is train or val""",
    open=_open,
)
