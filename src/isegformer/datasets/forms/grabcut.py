"""Form "grabcut": 50 photographs with one object each.

Source: Rother, Kolmogorov, Blake 2004 (GrabCut), in the archive that RITM evaluates on (GrabCut.zip of
SamsungLabs/fbrs_interactive_segmentation); its masks hold 0, 128 for a band that does not count, and 255.
"""

from pathlib import Path

import numpy as np

from isegformer.datasets.folders import files_by_case, paired
from isegformer.datasets.forms.pairs import slice_pairs
from isegformer.datasets.images import read_brightest
from isegformer.datasets.values import Form, SliceCases
from isegformer.types import Labels, Mask

UNKNOWN = 128
"""Grey value of the pixels along the border that do not count."""


def trimap_labels(path: Path) -> tuple[Labels, Mask]:
    """Read a mask in which grey is unknown and what is brighter is the object."""
    grey = read_brightest(path)
    return (grey > UNKNOWN).astype(np.uint16), np.asarray(grey == UNKNOWN)


def _open(folder: Path, split: str) -> SliceCases:
    del split
    return slice_pairs(
        paired(files_by_case(folder / "data_GT"), files_by_case(folder / "boundary_GT")), trimap_labels
    )


FORM = Form(
    name="grabcut",
    tree="""\
<folder>/
  data_GT/<case>.jpg     photographs; or .bmp, .png
  boundary_GT/<case>.bmp 255 is the object, 128 does not count""",
    open=_open,
)
