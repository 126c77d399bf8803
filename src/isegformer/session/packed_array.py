"""Masks and label maps as compressed bytes, so that a command can carry one and still be a plain value."""

import math
import zlib
from dataclasses import dataclass
from typing import Self

import numpy as np

from isegformer.errors import SessionError
from isegformer.session.plain_values import normalise_fields
from isegformer.types import AnyArray

ZLIB_LEVEL = 1
"""Masks shrink about as far on the fastest level as on the slowest."""

_DTYPES = {"bool": np.dtype(bool), "uint16": np.dtype("<u2")}


@dataclass(frozen=True, kw_only=True)
class PackedArray:
    """A bool or uint16 array of any shape; `data` is its C-order bytes (bool: bits) through zlib."""

    shape: tuple[int, ...]
    dtype: str
    data: bytes

    def __post_init__(self) -> None:
        normalise_fields(self)

    @classmethod
    def pack(cls, array: AnyArray) -> Self:
        """Return `array` packed; its dtype must be bool or uint16, else SessionError."""
        if str(array.dtype) not in _DTYPES:
            raise SessionError(f"array has dtype {array.dtype}, expected bool or uint16")
        raw = np.packbits(array) if array.dtype == bool else array.astype("<u2")
        data = zlib.compress(raw.tobytes(), ZLIB_LEVEL)
        return cls(shape=tuple(array.shape), dtype=str(array.dtype), data=data)

    def unpack(self) -> AnyArray:
        """Return the array.

        Raises
        ------
        SessionError : the data do not hold what shape and dtype promise
        """
        dtype = _DTYPES.get(self.dtype)
        if dtype is None or any(length < 0 for length in self.shape):
            raise SessionError(
                f"array has dtype {self.dtype} and shape {self.shape}, expected bool or uint16"
            )
        count = math.prod(self.shape)
        size_bytes = math.ceil(count / 8) if dtype.kind == "b" else count * dtype.itemsize
        raw = np.frombuffer(self._inflate(size_bytes), np.uint8)
        if dtype.kind == "b":
            return np.unpackbits(raw, count=count).astype(bool).reshape(self.shape)
        return raw.view(dtype).astype(np.uint16).reshape(self.shape)

    def _inflate(self, size_bytes: int) -> bytes:
        """Never inflate more than the shape asks for: commands come from outside."""
        inflater = zlib.decompressobj()
        try:
            raw = inflater.decompress(self.data, size_bytes + 1)
        except zlib.error as error:
            raise SessionError(f"the data of an array are damaged: {error}") from error
        if len(raw) != size_bytes:
            raise SessionError(
                f"an array holds {len(raw)} or more bytes, its shape {self.shape} asks for {size_bytes}"
            )
        return raw
