"""Forms "sstem-mitochondria", "sstem-synapses": sections of a fly's nerve cord under the electron microscope.

Source: Gerhard et al. 2013, the repository unidesigner/groundtruth-drosophila-vnc (README): one stack of 20
sections with binary images of each kind of structure. As in the published code of iSegFormer, the objects of
a section are the 4-connected parts of such an image.
"""

from functools import partial
from pathlib import Path

import numpy as np
from scipy import ndimage

from isegformer.datasets.folders import files_by_case, paired
from isegformer.datasets.forms.pairs import slice_pairs
from isegformer.datasets.images import read_foreground
from isegformer.datasets.values import Form, SliceCases
from isegformer.errors import UnreadableCaseError
from isegformer.types import Labels, Mask
from isegformer.volume.label_map import MAX_LABEL


def _parts(path: Path) -> tuple[Labels, Mask]:
    numbered, count = ndimage.label(read_foreground(path))
    if count > MAX_LABEL:
        raise UnreadableCaseError(f"{path} has {count} connected parts, expected at most {MAX_LABEL}")
    return numbered.astype(np.uint16), np.zeros(numbered.shape, np.bool_)


def _open(structure: str, folder: Path, split: str) -> SliceCases:
    del split
    raw, masks = files_by_case(folder / "stack1" / "raw"), files_by_case(folder / "stack1" / structure)
    return slice_pairs(paired(raw, masks), _parts)


def _form(structure: str) -> Form:
    return Form(
        name=f"sstem-{structure}",
        tree=f"""\
<folder>/
  stack1/raw/00.tif ...
  stack1/{structure}/00.png ...   black is background""",
        open=partial(_open, structure),
    )


MITOCHONDRIA = _form("mitochondria")
SYNAPSES = _form("synapses")
