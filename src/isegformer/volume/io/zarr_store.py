"""Zarr arrays through the package zarr, which sees nothing but what was checked.

It gets metadata made from the description of an array, the files of the array's folder, and one codec that
unfolds no chunk beyond its size.
"""

# mypy: disable-error-code="misc,no-any-return"
# zarr is optional: to the checker its classes are of any type, installed or not.

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Self

from zarr import Array, open_array
from zarr.abc.codec import BytesBytesCodec
from zarr.abc.store import RangeByteRequest, Store, SuffixByteRequest
from zarr.registry import register_codec

from isegformer import scratch
from isegformer.errors import VolumeReadError
from isegformer.volume.io.zarr_compression import unfold
from isegformer.volume.io.zarr_metadata import StoredArray

_UNFOLD = "isegformer.unfold"


@dataclass(frozen=True)
class _Unfold(BytesBytesCodec):
    """Any compression, held to a size."""

    compression: str
    most_bytes: int

    is_fixed_size = False

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        return cls(**data["configuration"])

    def to_dict(self) -> dict[str, Any]:
        return _codec(_UNFOLD, compression=self.compression, most_bytes=self.most_bytes)

    async def _decode_single(self, chunk_bytes: Any, chunk_spec: Any) -> Any:
        content = await asyncio.to_thread(
            unfold, chunk_bytes.to_bytes(), compression=self.compression, most_bytes=self.most_bytes
        )
        return chunk_spec.prototype.buffer.from_bytes(content)

    def compute_encoded_size(self, input_byte_length: int, _chunk_spec: Any) -> int:
        raise NotImplementedError


register_codec(_UNFOLD, _Unfold)


class _CheckedFiles(Store):
    """The files of one array; reads only."""

    def __init__(self, array: StoredArray) -> None:
        super().__init__(read_only=True)
        self._array = array
        self._metadata = json.dumps(_document(array)).encode()
        self._most_part = max(_most_packed(array.chunk_bytes), array.index_bytes)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    async def get(self, key: str, prototype: Any, byte_range: Any = None) -> Any:
        data = self._metadata if key == "zarr.json" else await asyncio.to_thread(self._read, key, byte_range)
        return None if data is None else prototype.buffer.from_bytes(data)

    async def get_partial_values(self, prototype: Any, key_ranges: Any) -> list[Any]:
        return [await self.get(key, prototype, byte_range) for key, byte_range in key_ranges]

    async def exists(self, key: str) -> bool:
        return key == "zarr.json" or self._array.folder.find(key) is not None

    @property
    def supports_writes(self) -> bool:
        return False

    async def set(self, key: str, value: Any) -> None:
        raise NotImplementedError

    @property
    def supports_deletes(self) -> bool:
        return False

    async def delete(self, key: str) -> None:
        raise NotImplementedError

    @property
    def supports_listing(self) -> bool:
        return False

    def list(self) -> AsyncIterator[str]:
        raise NotImplementedError

    def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        raise NotImplementedError

    def list_dir(self, prefix: str) -> AsyncIterator[str]:
        raise NotImplementedError

    def _read(self, key: str, byte_range: Any) -> bytes | None:
        """Return a chunk, or a chunk or an index of a shard."""
        folder = self._array.folder
        if byte_range is None:
            return folder.read(key, most_bytes=_most_file_bytes(self._array))
        if isinstance(byte_range, RangeByteRequest):
            start, length = byte_range.start, byte_range.end - byte_range.start
        elif isinstance(byte_range, SuffixByteRequest):
            start, length = -byte_range.suffix, byte_range.suffix
        else:
            raise VolumeReadError(f"part {byte_range} of a file is not known, expected a range or its end")
        return folder.read_part(key, start=start, length=length, most_bytes=self._most_part)


def opened(array: StoredArray) -> Array:
    """Return an array whose parts can be read; damaged ones raise VolumeReadError or what zarr raises."""
    return open_array(_CheckedFiles(array), mode="r", zarr_format=3)


def _most_packed(n_bytes: int) -> int:
    """Return what a chunk can take on disk: what cannot be compressed grows a little."""
    return n_bytes + n_bytes // 8 + 4096


def _most_file_bytes(array: StoredArray) -> int:
    """Return the size of the largest file that is read as a whole: a chunk, or a shard as large as a slab."""
    if array.shards is None:
        return _most_packed(array.chunk_bytes)
    return (
        _most_packed(max(array.chunk_bytes, scratch.SLAB_BYTES)) + 8 * array.index_bytes
    )  # each has a header


def _document(array: StoredArray) -> dict[str, Any]:
    """Return metadata of Zarr 3 that say the same as the description."""
    codecs, outer = _codecs(array), array.chunks
    if array.shards is not None:
        outer = array.shards.shape
        checksum = [{"name": "crc32c"}] if array.shards.has_index_checksum else []
        index = [_codec("bytes", endian=array.shards.index_endian), *checksum]
        codecs = [
            _codec(
                "sharding_indexed",
                chunk_shape=array.chunks,
                codecs=codecs,
                index_codecs=index,
                index_location=array.shards.index_location,
            )
        ]
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": array.shape,
        "data_type": array.dtype.name,
        "chunk_grid": _codec("regular", chunk_shape=outer),
        "chunk_key_encoding": _codec(array.keys[0], separator=array.keys[1]),
        "fill_value": array.fill,
        "codecs": codecs,
        "attributes": {},
    }


def _codecs(array: StoredArray) -> list[dict[str, Any]]:
    """Return the codecs of a chunk."""
    encoding, most_bytes = array.encoding, _most_packed(array.chunk_bytes)
    is_plain = encoding.axes == tuple(range(len(array.shape)))
    turn = [] if is_plain else [_codec("transpose", order=encoding.axes)]
    values = _codec("bytes", **({} if array.dtype.itemsize == 1 else {"endian": encoding.endian}))
    packing = [
        {"name": name} if name == "crc32c" else _codec(_UNFOLD, compression=name, most_bytes=most_bytes)
        for name in encoding.packing
    ]
    return [*turn, values, *packing]


def _codec(name: str, **settings: Any) -> dict[str, Any]:
    return {"name": name, "configuration": settings}
