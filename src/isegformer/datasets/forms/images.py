"""Form "images": a folder of images without labels. Source: our own."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from isegformer.datasets.folders import files_by_case
from isegformer.datasets.images import read_image
from isegformer.datasets.values import Form, LabelledSlice, SliceCases, unlabelled_slice


def _read(paths: Mapping[str, Path], name: str) -> LabelledSlice:
    return unlabelled_slice(name, read_image(paths[name]))


def _open(folder: Path, split: str) -> SliceCases:
    del split
    paths = files_by_case(folder)
    return SliceCases(names=tuple(paths), read_named=partial(_read, paths))


FORM = Form(
    name="images",
    tree="""\
<folder>/
  <case>.png             grey or RGB, without labels; or .jpg, .tif, .bmp""",
    open=_open,
)
