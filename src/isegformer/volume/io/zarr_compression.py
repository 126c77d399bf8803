"""Compressed chunks of Zarr arrays, unfolded to no more than was claimed.

The libraries set aside what a chunk's own header states, or grow with what comes out; here that is compared
with the size of the chunk first, or the work stops there.
"""

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable
from typing import Any, Protocol

from isegformer.errors import VolumeReadError

_MOST_DICTIONARY_BYTES = 128 * 1024**2
"""What LZMA may set aside besides its result; its strongest preset takes 65 MiB."""

_ZSTD_BLOCK_BYTES = 128 * 1024
"""Largest content of a block (RFC 8878, 3.1.1.2.4)."""


class _Stream(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def unfold(data: bytes, *, compression: str, most_bytes: int) -> bytes:
    """Return what a compressed chunk holds.

    Parameters
    ----------
    compression : one of COMPRESSIONS
    most_bytes : size of the content, at most

    Raises
    ------
    VolumeReadError : truncated, or more content than `most_bytes`
    Exception : what a library raises on damaged data
    """
    return _UNFOLD[compression](data, most_bytes)


def _blosc(data: bytes, most_bytes: int) -> bytes:
    """Source: c-blosc, README_CHUNK_FORMAT: bytes 4 to 7 are the content's size, 12 to 15 the chunk's."""
    from numcodecs.blosc import Blosc  # noqa: PLC0415  optional

    if len(data) < 16:
        raise _truncated(data)
    content_bytes, _, chunk_bytes = struct.unpack_from("<III", data, 4)
    if chunk_bytes > len(data):
        raise _truncated(data)
    _check(content_bytes, most_bytes)
    return bytes(Blosc().decode(data))


def _lz4(data: bytes, most_bytes: int) -> bytes:
    """numcodecs puts the size of the content before an LZ4 block."""
    from numcodecs.lz4 import LZ4  # noqa: PLC0415  optional

    if len(data) < 4:
        raise _truncated(data)
    _check(struct.unpack_from("<I", data)[0], most_bytes)
    return bytes(LZ4().decode(data))


def _zstd(data: bytes, most_bytes: int) -> bytes:
    from numcodecs.zstd import Zstd  # noqa: PLC0415  optional

    _check(_zstd_content_bytes(data), most_bytes)
    return bytes(Zstd().decode(data))


def _zstd_content_bytes(data: bytes) -> int:
    """Return the size of the content that a frame states, or what its blocks can hold.

    Source: RFC 8878, 3.1.1. The library keeps to a stated size; blocks are counted only where there is none.
    """
    if len(data) < 6:
        raise _truncated(data)
    magic, descriptor = struct.unpack_from("<IB", data)
    if magic != 0xFD2FB528:
        raise VolumeReadError("chunk is no Zstandard frame")
    is_single_segment = bool(descriptor & 0x20)
    size_bytes = {0: 1 if is_single_segment else 0, 1: 2, 2: 4, 3: 8}[descriptor >> 6]
    place = 5 + (not is_single_segment) + (0, 1, 2, 4)[descriptor & 3]
    if len(data) < place + size_bytes:
        raise _truncated(data)
    if size_bytes:
        stated = int.from_bytes(data[place : place + size_bytes], "little")
        return stated + (256 if size_bytes == 2 else 0)
    return _zstd_blocks(data, place) * _ZSTD_BLOCK_BYTES


def _zstd_blocks(data: bytes, place: int) -> int:
    """Return the number of blocks of a frame whose first one begins at `place`, but for the last."""
    n_blocks = 0
    while place + 3 <= len(data):
        header = int.from_bytes(data[place : place + 3], "little")
        if header & 1:
            return n_blocks
        n_blocks += 1
        place += 3 + (1 if (header >> 1) & 3 == 1 else header >> 3)  # a repeated byte is stored once
    raise _truncated(data)


def _streamed(new_stream: Callable[[], Any]) -> Callable[[bytes, int], bytes]:
    """Return the way to unfold with a decompressor of the standard library."""

    def unfolded(data: bytes, most_bytes: int) -> bytes:
        stream: _Stream = new_stream()
        content = stream.decompress(data, most_bytes + 1)
        _check(len(content), most_bytes)
        if not stream.eof or stream.unused_data.strip(b"\0"):
            raise VolumeReadError(f"chunk of {len(data)} bytes is truncated, or something follows its data")
        return content

    return unfolded


def _check(content_bytes: int, most_bytes: int) -> None:
    if content_bytes > most_bytes:
        raise VolumeReadError(
            f"chunk unfolds to {content_bytes} bytes or more, expected at most {most_bytes}: "
            "it is damaged, or does not belong to this array"
        )


def _truncated(data: bytes) -> VolumeReadError:
    return VolumeReadError(f"chunk of {len(data)} bytes is truncated")


_UNFOLD: dict[str, Callable[[bytes, int], bytes]] = {
    "blosc": _blosc,
    "bz2": _streamed(bz2.BZ2Decompressor),
    "gzip": _streamed(lambda: zlib.decompressobj(31)),
    "lz4": _lz4,
    "lzma": _streamed(lambda: lzma.LZMADecompressor(memlimit=_MOST_DICTIONARY_BYTES)),
    "zlib": _streamed(lambda: zlib.decompressobj(15)),
    "zstd": _zstd,
}

COMPRESSIONS = tuple(_UNFOLD)
