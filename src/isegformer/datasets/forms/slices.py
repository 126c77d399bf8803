"""Form "slices": a folder of images and a folder of label images. Source: our own."""

from dataclasses import replace
from pathlib import Path

from isegformer.datasets.folders import files_by_case, incomplete, paired
from isegformer.datasets.forms.pairs import plain_labels, slice_pairs
from isegformer.datasets.values import Form, SliceCases


def _open(folder: Path, split: str) -> SliceCases:
    del split
    images, labels = files_by_case(folder / "images"), files_by_case(folder / "labels")
    cases = slice_pairs(paired(images, labels), plain_labels)
    return replace(cases, incomplete=incomplete(images, labels))


FORM = Form(
    name="slices",
    tree="""\
<folder>/
  images/<case>.png      grey or RGB; or .jpg, .tif, .bmp
  labels/<case>.png      8 or 16 bits: 0 is background, every other value one object""",
    open=_open,
)
