"""Label blocks: the voxels of a box as bytes, for browsers.

::

    0   4  magic "ISB1"
    4   4  uint32  number of the last command that the block shows
    8   1  uint8   flags: 1 = preview, a slice of a propagation that is not in the session yet
    9   3          zero
    12  24 uint32  x 6: first i, j, k of the box, then i, j, k behind its last voxel
    36     the labels, uint16, i fastest (as in NIfTI), deflated with zlib

All numbers are little-endian. Masks that come in are the bits of a slice, row by row, deflated; no more of
them is inflated than the slice has pixels.
"""

import json
import struct
import zlib
from typing import Any

import numpy as np

from isegformer.errors import RequestError
from isegformer.session import Box, PackedArray
from isegformer.types import Labels, Mask

MAGIC = b"ISB1"
HEADER = struct.Struct("<4sIB3x6I")
PREVIEW = 1
_LEVEL = 1
"""The fastest of zlib: masks shrink hardly further on the others."""


def encode_block(labels: Labels, box: Box, *, seq: int, is_preview: bool = False) -> bytes:
    """Return the bytes for the labels (I, J, K) of a box."""
    head = HEADER.pack(MAGIC, seq, PREVIEW if is_preview else 0, *box.start, *box.stop)
    deflater = zlib.compressobj(_LEVEL)
    parts = [head]
    for k in range(labels.shape[2]):  # one slice at a time: a copy of the whole map would double the memory
        parts.append(deflater.compress(labels[:, :, k].astype("<u2").tobytes(order="F")))
    return b"".join([*parts, deflater.flush()])


def decode_block(data: bytes) -> tuple[int, bool, Box, Labels]:
    """Return number, whether it is a preview, box and labels (I, J, K); RequestError for other bytes."""
    if len(data) < HEADER.size or data[:4] != MAGIC:
        raise RequestError(f"{len(data)} bytes that begin with {data[:4]!r} are no label block")
    _, seq, flags, *corners = HEADER.unpack_from(data)
    box = Box(start=(corners[0], corners[1], corners[2]), stop=(corners[3], corners[4], corners[5]))
    shape = tuple(stop - start for start, stop in zip(box.start, box.stop, strict=True))
    raw = zlib.decompress(data[HEADER.size :])
    labels = np.frombuffer(raw, "<u2").astype(np.uint16).reshape(shape, order="F")
    return seq, bool(flags & PREVIEW), box, labels


def unpack_mask(data: bytes, shape: tuple[int, int]) -> Mask:
    """Return the mask (H, W) of a slice from its deflated bits; SessionError if it has another size."""
    mask: Mask = PackedArray(shape=shape, dtype="bool", data=data).unpack()
    return mask


def to_text(document: dict[str, Any]) -> str:
    """Return a text frame for watchers."""
    return json.dumps(document, allow_nan=False, separators=(",", ":"))
