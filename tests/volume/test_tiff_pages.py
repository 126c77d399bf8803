"""TIFF files whose pages lead nowhere."""

import struct

import cv2
import numpy as np
import pytest

from isegformer.errors import VolumeReadError
from isegformer.volume import read_volume
from isegformer.volume.io.limits import ReadLimits, read_limits

TAGS = {256: 3, 257: 2, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 2, 279: 6}
PIXELS = b"abcdef"


def tiff(order="<", *, tags=None, following=0, is_big=False):
    """Return a TIFF of 3 x 2 pixels with one page behind them."""
    tags = list((TAGS if tags is None else tags).items())
    offset, count = ("Q", "Q") if is_big else ("I", "H")
    first = 16 + 8 if is_big else 8 + 8
    place = {273: 16 if is_big else 8}
    head = struct.pack(f"{order}2sH", b"II" if order == "<" else b"MM", 43 if is_big else 42)
    if is_big:
        head += struct.pack(f"{order}HH", 8, 0)
    entries = b"".join(
        struct.pack(f"{order}HH{offset}{offset}", tag, 16 if is_big else 4, 1, place.get(tag, value))
        for tag, value in tags
    )
    page = struct.pack(f"{order}{count}", len(tags)) + entries + struct.pack(f"{order}{offset}", following)
    return head + struct.pack(f"{order}{offset}", first) + PIXELS + b"\0\0" + page


def read(tmp_path, data):
    (tmp_path / "image.tif").write_bytes(data)
    return read_volume(tmp_path / "image.tif")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("is_big", [False, True])
def test_pages_in_every_layout_are_read(tmp_path, order, is_big):
    voxels = read(tmp_path, tiff(order, is_big=is_big)).voxels
    assert voxels.astype("u1").tobytes(order="F") == PIXELS


def test_several_pages_are_slices(tmp_path):
    pages = [np.full((4, 5), 10 * number, np.uint8) for number in range(3)]
    cv2.imwritemulti(str(tmp_path / "image.tif"), pages)
    assert read_volume(tmp_path / "image.tif").voxels[0, 0].tolist() == [0, 10, 20]


def test_pages_of_a_stack_count_as_slices_before_memory_is_set_aside(tmp_path):
    for number in range(2):
        pages = [np.full((4, 5), 10 * number, np.uint8)] * 3
        cv2.imwritemulti(str(tmp_path / f"{number}.tif"), pages)
    assert read_volume(tmp_path, spacing_mm=(1, 1, 1)).geometry.shape == (5, 4, 6)
    with read_limits(ReadLimits(voxels=100)), pytest.raises(VolumeReadError, match="claims 120 voxels"):
        read_volume(tmp_path, spacing_mm=(1, 1, 1))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (tiff(following=16), "no end"),
        (tiff(following=10**6), "truncated"),
        (tiff(tags={tag: value for tag, value in TAGS.items() if tag != 279}), "lacks"),
        (tiff(tags={tag: value for tag, value in TAGS.items() if tag != 256}), "lacks"),
        (tiff()[:30], "truncated"),
        (tiff()[:-2], "truncated"),
        (b"II*\0\0\0\0\0", "no pages"),
        (b"II*", "does not start"),
        (b"II\7\0\0\0\0\0", "number 7"),
        (tiff().replace(struct.pack("<HH", 258, 4), struct.pack("<HH", 257, 4)), "twice"),
    ],
)
def test_pages_that_lead_nowhere_are_refused_at_once(tmp_path, data, reason):
    with pytest.raises(VolumeReadError, match=rf"image\.tif cannot be read: .*{reason}"):
        read(tmp_path, data)
