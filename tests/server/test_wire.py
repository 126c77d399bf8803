import struct
import zlib

import numpy as np
import pytest

from isegformer.errors import RequestError, SessionError
from isegformer.server.wire import decode_block, encode_block, unpack_mask
from isegformer.session import Box

BOX = Box(start=(1, 2, 3), stop=(3, 5, 4))


def test_a_block_is_its_header_and_the_deflated_labels_with_i_fastest():
    labels = np.arange(6, dtype=np.uint16).reshape(2, 3, 1) + 256
    data = encode_block(labels, BOX, seq=7, is_preview=True)
    assert data[:36] == b"ISB1" + struct.pack("<IB3x6I", 7, 1, 1, 2, 3, 3, 5, 4)
    assert zlib.decompress(data[36:]) == struct.pack("<6H", 256, 259, 257, 260, 258, 261)


def test_blocks_come_back_as_they_went():
    labels = np.random.default_rng(0).integers(0, 65536, (4, 3, 5)).astype(np.uint16)
    box = Box(start=(0, 1, 2), stop=(4, 4, 7))
    seq, is_preview, found, decoded = decode_block(encode_block(labels, box, seq=2**32 - 1))
    assert (seq, is_preview, found) == (2**32 - 1, False, box)
    np.testing.assert_array_equal(decoded, labels)


@pytest.mark.parametrize("data", [b"", b"ISB2" + b"\0" * 40, b"ISB1"])
def test_other_bytes_are_no_block(data):
    with pytest.raises(RequestError):
        decode_block(data)


def test_a_mask_is_the_bits_of_a_slice_row_by_row():
    mask = np.array([[1, 0, 0], [0, 1, 1]], bool)
    bits = zlib.compress(bytes([0b10001100]))
    np.testing.assert_array_equal(unpack_mask(bits, (2, 3)), mask)


@pytest.mark.parametrize(
    "bits",
    [b"", b"junk", zlib.compress(b""), zlib.compress(b"\0\0"), zlib.compress(b"\0" * 10_000_000)],
    ids=["nothing", "junk", "empty", "one byte more", "bomb"],
)
def test_bits_of_another_size_are_refused(bits):
    with pytest.raises(SessionError):
        unpack_mask(bits, (2, 3))
