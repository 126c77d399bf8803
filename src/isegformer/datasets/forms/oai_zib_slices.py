"""Form "oai-zib-slices": slices of knees as images, in the form of iSegFormer.

Source: published code of iSegFormer (isegm/data/datasets/oai_zib.py): each split has a folder of slices and a
folder of label images, whose colours are equal and hold the label.
"""

from pathlib import Path

import numpy as np

from isegformer.datasets.folders import files_by_case, paired
from isegformer.datasets.forms.pairs import slice_pairs
from isegformer.datasets.images import read_brightest
from isegformer.datasets.values import Form, SliceCases
from isegformer.types import Labels, Mask


def _labels(path: Path) -> tuple[Labels, Mask]:
    labels = read_brightest(path).astype(np.uint16)
    return labels, np.zeros(labels.shape, np.bool_)


def _open(folder: Path, split: str) -> SliceCases:
    part = folder / split
    return slice_pairs(paired(files_by_case(part / "image"), files_by_case(part / "annotations")), _labels)


FORM = Form(
    name="oai-zib-slices",
    tree="""\
<folder>/
  <split>/image/<case>.png         <split> is train, val or test
  <split>/annotations/<case>.png   0 is background, every other value one object""",
    open=_open,
)
