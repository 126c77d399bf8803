"""Form "pascal-voc": photographs with the outline of every object.

Source: Everingham et al., PASCAL VOC 2012 development kit: object masks are palette images, 0 is background
and 255 the border that does not count; its function VOClabelcolormap defines the palette.
"""

from pathlib import Path

import numpy as np

from isegformer.datasets.folders import files_by_case, paired, read_names
from isegformer.datasets.forms.pairs import slice_pairs
from isegformer.datasets.images import read_pixels
from isegformer.datasets.values import Form, SliceCases
from isegformer.errors import DatasetError, UnreadableCaseError
from isegformer.types import AnyArray, Labels, Mask

VOID = 255


def palette() -> AnyArray:
    """Return the colour of each index, uint8 (256, 3).

    Bits 0, 1, 2 of an index are the highest bits of red, green, blue, bits 3, 4, 5 the next ones, and so on.
    """
    indices = np.arange(256)
    colours = np.zeros((256, 3), np.uint8)
    for channel in range(3):
        for step in range(3):
            bit = (indices >> (3 * step + channel)) & 1
            colours[:, channel] |= (bit << (7 - step)).astype(np.uint8)
    return colours


def palette_indices(colours: AnyArray) -> AnyArray:
    """Return the index of each colour of an image uint8 (H, W, 3) as uint16 (H, W).

    Raises
    ------
    UnreadableCaseError : a colour is not in the palette
    """
    wide = colours.astype(np.uint16)
    indices = np.zeros(colours.shape[:2], np.uint16)
    for channel in range(3):
        for step in range(3 if channel < 2 else 2):
            indices |= ((wide[..., channel] >> (7 - step)) & 1) << (3 * step + channel)
    if not np.array_equal(palette()[indices], colours):
        raise UnreadableCaseError("the object mask has colours outside the palette of PASCAL VOC")
    return indices


def _labels(path: Path) -> tuple[Labels, Mask]:
    pixels = read_pixels(path)
    if pixels.dtype != np.uint8:
        raise UnreadableCaseError(f"{path} is {pixels.dtype}, expected 8 bits")
    indices = pixels.astype(np.uint16) if pixels.ndim == 2 else palette_indices(pixels)
    ignored = np.asarray(indices == VOID)
    return np.where(ignored, 0, indices).astype(np.uint16), ignored


def _open(folder: Path, split: str) -> SliceCases:
    names = read_names(folder / "ImageSets" / "Segmentation" / f"{split}.txt")
    pairs = paired(files_by_case(folder / "JPEGImages"), files_by_case(folder / "SegmentationObject"))
    if missing := [name for name in names if name not in pairs]:
        raise DatasetError(
            f"image or object mask of {len(missing)} cases is missing, the first is {missing[0]!r}"
        )
    return slice_pairs({name: pairs[name] for name in names}, _labels)


FORM = Form(
    name="pascal-voc",
    tree="""\
<folder>/                                   such as VOCdevkit/VOC2012
  JPEGImages/<case>.jpg
  SegmentationObject/<case>.png             palette image: one index per object, 255 does not count
  ImageSets/Segmentation/<split>.txt        names of cases; <split> is train, val or trainval""",
    open=_open,
)
