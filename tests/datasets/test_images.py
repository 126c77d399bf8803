"""Images: colours, depths, damage."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from dataset_trees import LABELS, put

from isegformer.datasets.images import read_foreground, read_image, read_label_image
from isegformer.errors import UnreadableCaseError

SUFFIXES = [".png", ".jpg", ".tif", ".bmp"]


def test_colour_images_are_read_as_red_green_blue(tmp_path):
    put(tmp_path / "red.png", np.full((4, 5, 3), (255, 0, 0), np.uint8))
    assert (read_image(tmp_path / "red.png") == (1, 0, 0)).all()


def test_transparency_is_dropped(tmp_path):
    blue_green_red_alpha = np.full((4, 5, 4), (0, 0, 255, 9), np.uint8)
    assert cv2.imwrite(str(tmp_path / "red.png"), blue_green_red_alpha)
    assert read_image(tmp_path / "red.png").shape == (4, 5, 3)
    assert (read_image(tmp_path / "red.png") == (1, 0, 0)).all()


def test_sixteen_bit_images_are_scaled_by_their_range(tmp_path):
    put(tmp_path / "deep.png", np.linspace(1000, 3000, 200).reshape(10, 20).astype(np.uint16))
    image = read_image(tmp_path / "deep.png")
    assert (image.min(), image.max()) == (0, 1)


def test_sixteen_bit_labels_keep_their_values(tmp_path):
    put(tmp_path / "labels.png", LABELS.astype(np.uint16) * 300)
    assert read_label_image(tmp_path / "labels.png").max() == 600


def test_coloured_labels_are_refused(tmp_path):
    put(tmp_path / "labels.png", np.repeat(LABELS[..., None], 3, axis=2))
    with pytest.raises(UnreadableCaseError, match="expected one label per pixel"):
        read_label_image(tmp_path / "labels.png")


def test_foreground_is_what_any_colour_lights(tmp_path):
    put(tmp_path / "mask.png", np.array([[[0, 0, 0], [0, 0, 1]], [[255, 0, 0], [0, 0, 0]]], np.uint8))
    assert read_foreground(tmp_path / "mask.png").tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.7, 0.99])
def test_a_truncated_image_is_named(suffix, kept, tmp_path):
    path = tmp_path / f"image{suffix}"
    put(path, np.random.default_rng(0).integers(0, 255, (60, 70, 3)).astype(np.uint8))
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(UnreadableCaseError, match=f"image{suffix}"):
        read_image(path)


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".txt"])
def test_a_file_that_is_no_image_is_named(suffix, tmp_path):
    path = tmp_path / f"image{suffix}"
    path.write_bytes(b"hello world" * 20)
    with pytest.raises(UnreadableCaseError, match=f"image{suffix}"):
        read_image(path)


def test_a_missing_image_is_named(tmp_path):
    with pytest.raises(UnreadableCaseError, match=r"absent\.png"):
        read_image(tmp_path / "absent.png")


def test_an_image_that_claims_to_be_huge_is_not_decoded(tmp_path):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    with pytest.raises(UnreadableCaseError, match="claims 20000 x 20000 pixels"):
        read_image(tmp_path / "bomb.png")
