"""Form "davis": 345 frames of films with one object each.

Source: Perazzi et al. 2016 (DAVIS), in the archive that RITM evaluates on (DAVIS.zip of
SamsungLabs/fbrs_interactive_segmentation): every pixel of the mask that is not black is the object.
"""

from pathlib import Path

import numpy as np

from isegformer.datasets.folders import files_by_case, paired
from isegformer.datasets.forms.pairs import slice_pairs
from isegformer.datasets.images import read_foreground
from isegformer.datasets.values import Form, SliceCases
from isegformer.types import Labels, Mask


def _labels(path: Path) -> tuple[Labels, Mask]:
    mask = read_foreground(path)
    return mask.astype(np.uint16), np.zeros(mask.shape, np.bool_)


def _open(folder: Path, split: str) -> SliceCases:
    del split
    return slice_pairs(paired(files_by_case(folder / "img"), files_by_case(folder / "gt")), _labels)


FORM = Form(
    name="davis",
    tree="""\
<folder>/
  img/<case>.jpg         frames
  gt/<case>.png          black is background, all else the object""",
    open=_open,
)
