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


def chain(*pages, first=8):
    """Return a TIFF of 3 x 2 pixels with several pages, each given by what differs from `TAGS`."""
    head, body = struct.pack("<2sHI", b"II", 42, first + len(PIXELS) + 2), PIXELS + b"\0\0"
    for number, changes in enumerate(pages):
        tags = sorted({**TAGS, **changes}.items())
        entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
        n_tags = len(entries) // 12
        at = len(head) + len(body) + 2 + len(entries) + 4
        body += struct.pack("<H", n_tags) + entries + struct.pack("<I", at if number < len(pages) - 1 else 0)
    return head + body


@pytest.mark.parametrize(
    ("pages", "n_slices"),
    [
        (({}, {254: 1}), 1),
        (({}, {}, {254: 1, 256: 1}, {254: 4}), 2),
        (({254: 0}, {254: 0}), 2),
        (({254: 2}, {254: 2}), 2),
        (({255: 1}, {255: 3}), 2),
        (({305: 1}, {}), 2),
    ],
)
def test_small_pictures_behind_the_slices_are_left_out(tmp_path, pages, n_slices):
    voxels = read(tmp_path, chain(*pages)).voxels
    assert voxels.tobytes(order="F") == PIXELS * n_slices


@pytest.mark.parametrize(
    ("pages", "reason"),
    [
        (({}, {254: 1}, {}), "thumbnails"),  # ITK wrote behind its memory and ended the process
        (({254: 1}, {}), "thumbnails"),
        (({}, {254: 4}, {}), "masks"),
        (({}, {255: 2}, {}), "thumbnails"),
        (({}, {256: 2}), "3 x 2 px, 8 bits x 1"),
        (({258: 16, 257: 1, 279: 6}, {257: 1}), "3 x 1 px, 16 bits x 1"),
        (({254: 0}, {}), "NewSubfileType"),
    ],
)
def test_pages_that_are_not_one_stack_are_refused(tmp_path, pages, reason):
    with pytest.raises(VolumeReadError, match=rf"image\.tif cannot be read: .*{reason}"):
        read(tmp_path, chain(*pages))


def test_a_tag_that_says_nothing_of_the_data_may_stand_twice(tmp_path):
    data = bytearray(chain({270: 0, 305: 0}))
    at = data.index(struct.pack("<HH", 305, 4))
    struct.pack_into("<H", data, at, 270)
    assert read(tmp_path, bytes(data)).voxels.tobytes(order="F") == PIXELS


def test_a_page_without_a_number_for_its_width_is_refused(tmp_path):
    data = chain({}).replace(struct.pack("<HH", 256, 4), struct.pack("<HH", 256, 2))
    with pytest.raises(VolumeReadError, match=r"tag 256 .* holds no number"):
        read(tmp_path, data)
