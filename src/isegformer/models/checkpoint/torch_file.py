"""Files that `torch.save` writes: a zip archive today, a chain of pickles before torch 1.6.

Zip: `<name>/data.pkl` is the pickle, `<name>/data/<key>` are the raw bytes of each storage.
Old: five pickles (magic number, version, machine, object, keys of the storages), then for each key an int64
element count and the raw bytes. Both little-endian. Nothing is unpacked to disk.
"""

import io
import pickle
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from isegformer.errors import CheckpointError
from isegformer.models.checkpoint.tensors import StorageRecord, TensorRecord
from isegformer.models.checkpoint.unpickler import unpickle

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_MAGIC_START = pickle.LONG1 + b"\x0a"
"""How a pickle states a number of ten bytes, after its two bytes of protocol."""
LEGACY_VERSION = 1001
ZIP_START = b"PK\x03\x04"

ZIP_DAMAGE = (
    ArithmeticError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)
"""What a damaged or unusual archive makes `zipfile` raise."""


def looks_like_torch_file(path: Path) -> bool:
    """Return whether a file starts as those of `torch.save` do, a zip archive or the pickle of a long number.

    The first byte of a pickle alone does not tell: it may be the length of a safetensors header.
    """
    with path.open("rb") as file:
        start = file.read(4)
    return start == ZIP_START or (start.startswith(pickle.PROTO) and start.endswith(LEGACY_MAGIC_START))


def read_torch_file(path: Path) -> Any:
    """Return the content of a file of `torch.save`: containers, `TensorRecord`s and `ForeignObject`s.

    Raises
    ------
    UnsafeCheckpointError : the file tries to run code; nothing was run
    CheckpointError : the file is damaged or of another kind
    """
    data = path.read_bytes()
    try:
        return _read_zip(data) if data.startswith(ZIP_START) else _read_legacy(data)
    except CheckpointError as error:
        raise type(error)(f"{path}: {error}") from error


def state_dict_of(value: object) -> dict[str, Tensor]:
    """Return a mapping of names to tensor records as tensors, which share the memory of the file's storages.

    Raises
    ------
    CheckpointError : the value is no such mapping, or a tensor reads outside its storage
    """
    if not isinstance(value, Mapping):
        raise CheckpointError(f"the state dict is a {type(value).__name__}, expected names and tensors")
    state = {}
    for name, record in value.items():
        if not (isinstance(name, str) and isinstance(record, TensorRecord)):
            stated = repr(name[:80]) if isinstance(name, str) else f"a {type(name).__name__}"
            raise CheckpointError(
                f"the state dict maps {stated} to a {type(record).__name__}, expected a tensor"
            )
        state[name] = record.tensor()
    return state


def _read_zip(data: bytes) -> Any:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _ZipReader(archive, budget=len(data)).read()
    except ZIP_DAMAGE as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"the archive is damaged: {error}") from error


class _ZipReader:
    """Reads one archive; what it reads in all is bounded by the archive's size."""

    def __init__(self, archive: zipfile.ZipFile, *, budget: int) -> None:
        self._archive = archive
        self._budget = budget
        self._storages: dict[str, StorageRecord] = {}
        pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise CheckpointError("the archive is not one of torch.save: expected one data.pkl")
        self._folder = pickles[0].removesuffix("data.pkl")

    def read(self) -> Any:
        order = f"{self._folder}byteorder"
        if order in self._archive.namelist() and self._member(order) != b"little":
            raise CheckpointError("the archive holds big-endian numbers; save it on a little-endian machine")
        return unpickle(io.BytesIO(self._member(f"{self._folder}data.pkl")), read_storage=self._storage)

    def _storage(self, key: str, dtype: torch.dtype, count: int) -> StorageRecord:
        if key not in self._storages:
            name = f"{self._folder}data/{key}"
            if name not in self._archive.NameToInfo:
                raise CheckpointError(f"the archive has no storage {key[:80]!r}")
            self._storages[key] = StorageRecord(_elements(self._member(name), dtype=dtype))
        elements = self._storages[key].elements
        if elements.dtype != dtype or len(elements) != count:
            raise CheckpointError(
                f"storage {key[:80]!r} holds {len(elements)} elements of {elements.dtype}, but the pickle "
                f"claims {count} of {dtype}"
            )
        return self._storages[key]

    def _member(self, name: str) -> bytes:
        info = self._archive.getinfo(name)
        if info.compress_type != zipfile.ZIP_STORED:
            raise CheckpointError(f"the archive compresses {name[:80]!r}, which torch.save never does")
        self._budget -= info.file_size
        if self._budget < 0:
            raise CheckpointError("the archive claims to hold more bytes than the file has")
        return self._archive.read(info)


def _read_legacy(data: bytes) -> Any:
    stream = io.BytesIO(data)
    if not data.startswith(pickle.PROTO) or _plain_pickle(stream) != LEGACY_MAGIC:
        raise CheckpointError("not a file of torch.save, nor of safetensors")
    if _plain_pickle(stream) != LEGACY_VERSION:
        raise CheckpointError(f"the file's version is not {LEGACY_VERSION}, the only one of its kind")
    machine = _plain_pickle(stream)
    if not (isinstance(machine, dict) and machine.get("little_endian", True)):
        raise CheckpointError("the file holds big-endian numbers; save it on a little-endian machine")
    storages = _LegacyStorages(budget=len(data))
    content = unpickle(stream, read_storage=storages.claim)
    keys = _plain_pickle(stream)
    if not (isinstance(keys, list) and all(isinstance(key, str) for key in keys)):
        raise CheckpointError("the list of storages holds something else than names")
    if set(keys) != set(storages.claimed):
        raise CheckpointError("the list of storages does not fit the pickle")
    for key in keys:
        storages.fill(key, stream)
    return content


class _LegacyStorages:
    """Storages that the pickle claims first and whose bytes follow later."""

    def __init__(self, *, budget: int) -> None:
        self._budget = budget
        self.claimed: dict[str, StorageRecord] = {}

    def claim(self, key: str, dtype: torch.dtype, count: int) -> StorageRecord:
        if key not in self.claimed:
            self._budget -= count * dtype.itemsize
            if self._budget < 0:
                raise CheckpointError("the pickle claims more elements than the file has")
            self.claimed[key] = StorageRecord(torch.zeros(count, dtype=dtype))
        elements = self.claimed[key].elements
        if elements.dtype != dtype or len(elements) != count:
            raise CheckpointError(f"the pickle contradicts itself about storage {key[:80]!r}")
        return self.claimed[key]

    def fill(self, key: str, stream: io.BytesIO) -> None:
        elements = self.claimed[key].elements
        header = stream.read(8)
        if len(header) != 8 or struct.unpack("<q", header)[0] != len(elements):
            raise CheckpointError(f"the file ends before storage {key[:80]!r}, or its length is wrong")
        payload = stream.read(len(elements) * elements.element_size())
        if len(payload) != len(elements) * elements.element_size():
            raise CheckpointError(f"the file ends inside storage {key[:80]!r}")
        elements.copy_(_elements(payload, dtype=elements.dtype))


def _plain_pickle(stream: io.BytesIO) -> Any:
    def refuse(_key: str, _dtype: torch.dtype, _count: int) -> StorageRecord:
        raise CheckpointError("the file has a storage where none belongs")

    return unpickle(stream, read_storage=refuse)


def _elements(payload: bytes, *, dtype: torch.dtype) -> Tensor:
    if len(payload) % dtype.itemsize:
        raise CheckpointError(f"a storage has {len(payload)} bytes, expected a multiple of {dtype.itemsize}")
    if not payload:
        return torch.empty(0, dtype=dtype)
    return torch.frombuffer(bytearray(payload), dtype=dtype)
