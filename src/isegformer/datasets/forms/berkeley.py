"""Form "berkeley": 96 photographs with 100 objects, one image per object.

Source: Martin et al. 2001 (BSDS) with the masks of McGuinness and O'Connor 2010, in the archive that RITM
evaluates on (Berkeley.zip of SamsungLabs/fbrs_interactive_segmentation); it reads them as those of GrabCut.
"""

from pathlib import Path

from isegformer.datasets.folders import files_by_case, paired
from isegformer.datasets.forms.grabcut import trimap_labels
from isegformer.datasets.forms.pairs import slice_pairs
from isegformer.datasets.values import Form, SliceCases


def _open(folder: Path, split: str) -> SliceCases:
    del split
    return slice_pairs(
        paired(files_by_case(folder / "images"), files_by_case(folder / "masks")), trimap_labels
    )


FORM = Form(
    name="berkeley",
    tree="""\
<folder>/
  images/<case>.jpg      photographs
  masks/<case>.png       255 is the object""",
    open=_open,
)
