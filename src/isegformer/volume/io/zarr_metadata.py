"""What the metadata of a Zarr array say, checked: Zarr 2 (.zarray) and 3 (zarr.json) become one description.

Sources: Zarr storage specification 2; Zarr core specification 3.0 with the codecs bytes, transpose, blosc,
gzip, zstd, crc32c and sharding_indexed.
"""

import re
from dataclasses import dataclass
from math import isfinite, prod
from typing import Any, TypeAlias

import numpy as np

from isegformer.errors import VolumeReadError
from isegformer.volume.io.limits import check_claimed_size
from isegformer.volume.io.zarr_compression import COMPRESSIONS
from isegformer.volume.io.zarr_folder import ZarrFolder

MAX_CHUNK_BYTES = 512 * 1024**2
"""Largest chunk: it is held in memory, three times while it is read."""

MAX_CHUNKS = 2**20
"""Each missing chunk, too, has to be looked for."""

Json: TypeAlias = dict[str, Any]

_DTYPE_V2 = re.compile(r"([<>|])([iu][1248]|f[248])")
_DTYPE_V3 = re.compile(r"(?:(u?int)(8|16|32|64)|(float)(16|32|64))")
_SPECIAL_FLOATS = ("NaN", "Infinity", "-Infinity")
_KNOWN_V3 = {
    *("zarr_format", "node_type", "shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value"),
    *("codecs", "attributes", "storage_transformers", "dimension_names", "consolidated_metadata"),
}
_COMPRESSIONS_V3 = ("blosc", "gzip", "zstd")


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How an array becomes bytes, in the order in which it was done."""

    axes: tuple[int, ...]
    """Order in which axes are stored, slowest first."""
    endian: str
    """Of the values, "little" or "big"."""
    packing: tuple[str, ...]
    """Names of COMPRESSIONS, and "crc32c" for a checksum."""


@dataclass(frozen=True, kw_only=True)
class Shards:
    """Chunks that lie in larger ones, each with an index."""

    shape: tuple[int, ...]
    index_location: str
    index_endian: str
    has_index_checksum: bool


@dataclass(frozen=True, kw_only=True)
class StoredArray:
    """A Zarr array that can be read safely."""

    folder: ZarrFolder
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: tuple[int, ...]
    shards: Shards | None
    encoding: Encoding
    fill: int | float | str
    """As JSON has it."""
    keys: tuple[str, str]
    """Name of the rule for names of chunks, "default" or "v2", and its separator."""
    axis_names: tuple[str, ...] | None
    """If the array names its axes."""

    @property
    def chunk_bytes(self) -> int:
        """Size of a chunk, unfolded."""
        return prod(self.chunks) * self.dtype.itemsize

    @property
    def index_bytes(self) -> int:
        """Size of the index of a shard, 0 without shards."""
        if self.shards is None:
            return 0
        per_shard = prod(outer // inner for outer, inner in zip(self.shards.shape, self.chunks, strict=True))
        return 16 * per_shard + 4 * self.shards.has_index_checksum


def read_array_metadata(folder: ZarrFolder) -> StoredArray:
    """Return what the metadata in an array's folder say.

    Raises
    ------
    VolumeReadError : there are none, they are damaged, or state something that is not read here or too large
    """
    newer = folder.read_json("zarr.json")
    older = folder.read_json(".zarray") if newer is None else None
    if newer is not None:
        array = _version_3(folder, newer)
    elif older is not None:
        array = _version_2(folder, older)
    else:
        raise VolumeReadError(f"{folder.path} holds no zarr.json or .zarray, expected a Zarr array")
    _check_size(array)
    return array


def _check_size(array: StoredArray) -> None:
    """Refuse what is too large to be read; missing chunks are legitimate, so that files may be small."""
    check_claimed_size(array.shape, bytes_per_voxel=array.dtype.itemsize, stored=None)
    if array.chunk_bytes > MAX_CHUNK_BYTES:
        raise VolumeReadError(
            f"chunks {array.chunks} take {array.chunk_bytes} bytes each, expected at most {MAX_CHUNK_BYTES}: "
            "save the array with smaller chunks"
        )
    sizes = [array.shape] if array.shards is None else [array.shape, array.shards.shape]
    for size in sizes:
        n_chunks = prod(-(-length // step) for length, step in zip(size, array.chunks, strict=True))
        if n_chunks > MAX_CHUNKS:
            raise VolumeReadError(
                f"there are {n_chunks} chunks in {size}, expected at most {MAX_CHUNKS}: "
                "save the array with larger chunks"
            )


def _version_2(folder: ZarrFolder, content: Json) -> StoredArray:
    """Return what a .zarray says."""
    _expect(content, "zarr_format", 2)
    shape = _lengths(content, "shape")
    if content.get("filters"):
        raise VolumeReadError(
            f"array has filters {_shown(content['filters'])}, expected none: save it without"
        )
    dtype, endian = _dtype_v2(content.get("dtype"))
    compressor = content.get("compressor")
    packing = () if compressor is None else (_packing(compressor, key="id", known=COMPRESSIONS),)
    order = content.get("order", "C")
    if order not in ("C", "F"):
        raise VolumeReadError(f"order is {_shown(order)}, expected C or F")
    axes = tuple(range(len(shape)))
    return StoredArray(
        folder=folder,
        shape=shape,
        dtype=dtype,
        chunks=_lengths(content, "chunks", n_axes=len(shape)),
        shards=None,
        encoding=Encoding(
            axes=axes if order == "C" else axes[::-1],
            endian=endian,
            packing=packing,
        ),
        fill=_fill(content.get("fill_value"), dtype),
        keys=("v2", _separator(content.get("dimension_separator", "."))),
        axis_names=None,
    )


def _version_3(folder: ZarrFolder, content: Json) -> StoredArray:
    """Return what a zarr.json says."""
    _expect(content, "zarr_format", 3)
    _expect(content, "node_type", "array")
    for name in sorted(content.keys() - _KNOWN_V3):
        value = content[name]
        if not (isinstance(value, dict) and value.get("must_understand") is False):
            raise VolumeReadError(f"metadata have the field {name[:50]!r}, which is not known here")
    if content.get("storage_transformers"):
        raise VolumeReadError("array has storage transformers, expected none")
    shape = _lengths(content, "shape")
    dtype = _dtype_v3(content.get("data_type"))
    grid_name, grid = _named(content.get("chunk_grid"))
    if grid_name != "regular":
        raise VolumeReadError(f"chunk grid is {_shown(grid_name)}, expected regular")
    keys_name, keys = _named(content.get("chunk_key_encoding"))
    if keys_name not in ("default", "v2"):
        raise VolumeReadError(f"chunk key encoding is {_shown(keys_name)}, expected default or v2")
    outer = _lengths(grid, "chunk_shape", n_axes=len(shape))
    chunks, shards, encoding = _layout_v3(content.get("codecs"), outer=outer, dtype=dtype)
    return StoredArray(
        folder=folder,
        shape=shape,
        dtype=dtype,
        chunks=chunks,
        shards=shards,
        encoding=encoding,
        fill=_fill(content.get("fill_value"), dtype),
        keys=(keys_name, _separator(keys.get("separator", "/" if keys_name == "default" else "."))),
        axis_names=_axis_names(content.get("dimension_names"), n_axes=len(shape)),
    )


def _layout_v3(
    codecs: object, *, outer: tuple[int, ...], dtype: np.dtype[Any]
) -> tuple[tuple[int, ...], Shards | None, Encoding]:
    """Return the chunks, the shards in which they lie, if any, and the encoding of a chunk."""
    steps = _steps(codecs)
    if steps[0][0] != "sharding_indexed":
        return outer, None, _encoding_v3(steps, n_axes=len(outer), dtype=dtype)
    if len(steps) > 1:
        raise VolumeReadError("array has codecs beside its shards, expected them within the shards only")
    settings = steps[0][1]
    chunks = _lengths(settings, "chunk_shape", n_axes=len(outer))
    if any(whole % part for whole, part in zip(outer, chunks, strict=True)):
        raise VolumeReadError(f"shards {outer} hold chunks {chunks}, expected a whole number of them")
    index = _encoding_v3(_steps(settings.get("index_codecs")), n_axes=1, dtype=np.dtype(np.uint64))
    if index.packing not in ((), ("crc32c",)):
        raise VolumeReadError(f"index of shards is packed by {index.packing}, expected crc32c or nothing")
    location = settings.get("index_location", "end")
    if location not in ("start", "end"):
        raise VolumeReadError(f"index of shards is at {_shown(location)}, expected start or end")
    shards = Shards(
        shape=outer,
        index_location=location,
        index_endian=index.endian,
        has_index_checksum=bool(index.packing),
    )
    return chunks, shards, _encoding_v3(_steps(settings.get("codecs")), n_axes=len(outer), dtype=dtype)


def _encoding_v3(steps: list[tuple[str, Json]], *, n_axes: int, dtype: np.dtype[Any]) -> Encoding:
    """Return what a list of codecs does: transpose, then bytes, then packing."""
    names = [name for name, _ in steps]
    if names.count("bytes") != 1:
        raise VolumeReadError(f"codecs are {_shown(names)}, expected one named bytes")
    middle = names.index("bytes")
    axes = tuple(range(n_axes))
    for name, settings in steps[:middle]:
        if name != "transpose":
            raise VolumeReadError(f"codec before bytes is {_shown(name)}, expected transpose")
        axes = tuple(axes[axis] for axis in _order(settings.get("order"), n_axes=n_axes))
    endian = steps[middle][1].get("endian", "little" if dtype.itemsize == 1 else None)
    if endian not in ("little", "big"):
        raise VolumeReadError(f"byte order is {_shown(endian)}, expected little or big")
    known = (*_COMPRESSIONS_V3, "crc32c")
    packing = tuple(_packing({"name": name}, key="name", known=known) for name in names[middle + 1 :])
    return Encoding(axes=axes, endian=endian, packing=packing)


def _order(value: object, *, n_axes: int) -> list[int]:
    """Return all axes in the order that a transpose states."""
    order = value if isinstance(value, list) and all(type(axis) is int for axis in value) else []
    if sorted(order) == list(range(n_axes)):
        return order
    raise VolumeReadError(f"order is {_shown(value)}, expected all {n_axes} axes")


def _steps(codecs: object) -> list[tuple[str, Json]]:
    """Return names and settings of codecs."""
    if not isinstance(codecs, list) or not 1 <= len(codecs) <= 10:
        raise VolumeReadError(f"codecs are {_shown(codecs)}, expected a list of 1 to 10")
    return [_named(codec) for codec in codecs]


def _named(value: object) -> tuple[str, Json]:
    """Return name and settings of an extension point of Zarr 3."""
    if isinstance(value, str):
        return value, {}
    if isinstance(value, dict):
        name, settings = value.get("name"), value.get("configuration", {})
        if isinstance(name, str) and isinstance(settings, dict):
            return name, settings
    raise VolumeReadError(f"metadata hold {_shown(value)}, expected a name and a configuration")


def _packing(codec: object, *, key: str, known: tuple[str, ...]) -> str:
    name = codec.get(key) if isinstance(codec, dict) else codec
    if not isinstance(name, str) or name not in known:
        raise VolumeReadError(
            f"chunks are compressed by {_shown(name)}, expected {', '.join(known)}: "
            "save the array with one of these"
        )
    return name


def _dtype_v2(stored: object) -> tuple[np.dtype[Any], str]:
    """Return the type of the values and their byte order."""
    match = _DTYPE_V2.fullmatch(stored) if isinstance(stored, str) else None
    if match is None:
        raise _wrong_type(stored)
    return np.dtype(match.group(2)), "big" if match.group(1) == ">" else "little"


def _dtype_v3(name: object) -> np.dtype[Any]:
    if not isinstance(name, str) or not _DTYPE_V3.fullmatch(name):
        raise _wrong_type(name)
    return np.dtype(name)


def _fill(value: object, dtype: np.dtype[Any]) -> int | float | str:
    """Return the value of missing chunks as JSON has it."""
    if value is None:
        return 0
    if isinstance(value, str) and dtype.kind == "f":
        is_bits = re.fullmatch(rf"0x[0-9a-fA-F]{{{2 * dtype.itemsize}}}", value)
        if value in _SPECIAL_FLOATS or is_bits:
            return value
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        if dtype.kind == "f" and abs(value) <= np.finfo(dtype).max:
            return float(value)
        if dtype.kind != "f" and value == int(value) and _fits(int(value), dtype):
            return int(value)
    raise VolumeReadError(f"fill value is {_shown(value)}, expected a {dtype}")


def _fits(value: int, dtype: np.dtype[Any]) -> bool:
    limits = np.iinfo(dtype)
    return bool(limits.min <= value <= limits.max)


def _lengths(content: Json, name: str, *, n_axes: int | None = None) -> tuple[int, ...]:
    """Return lengths along axes, each at least 1."""
    value = content.get(name)
    n_least, n_most = (2, 5) if n_axes is None else (n_axes, n_axes)
    is_list = isinstance(value, list) and n_least <= len(value) <= n_most
    if not is_list or not all(type(length) is int and 1 <= length < 2**63 for length in value or ()):
        expected = f"{n_least}" if n_least == n_most else f"{n_least} to {n_most}"
        raise VolumeReadError(
            f"{name} is {_shown(value)}, expected {expected} whole numbers above 0, one for each axis"
        )
    return tuple(value or ())


def _axis_names(names: object, *, n_axes: int) -> tuple[str, ...] | None:
    """Return the names of axes, None if one is missing."""
    if names is None:
        return None
    if not isinstance(names, list) or len(names) != n_axes:
        raise VolumeReadError(f"dimension names are {_shown(names)}, expected {n_axes}")
    return tuple(names) if all(isinstance(name, str) for name in names) else None


def _separator(value: object) -> str:
    if value not in (".", "/"):
        raise VolumeReadError(f"separator in names of chunks is {_shown(value)}, expected '.' or '/'")
    return str(value)


def _expect(content: Json, name: str, expected: int | str) -> None:
    if content.get(name) != expected:
        raise VolumeReadError(f"{name} is {_shown(content.get(name))}, expected {expected!r}")


def _wrong_type(stored: object) -> VolumeReadError:
    return VolumeReadError(
        f"values have the type {_shown(stored)}, expected integers or floats of up to 64 bits: "
        "save them as such"
    )


def _shown(value: object) -> str:
    """Return a value for a message, not longer than a line; a hostile one may be huge or nested."""
    if isinstance(value, list | dict):
        return (
            f"a {type(value).__name__} of {len(value)}"
            if len(value) > 8 or _is_nested(value)
            else repr(value)[:200]
        )
    return repr(value)[:100] if not isinstance(value, int) or abs(value) < 2**64 else "a huge number"


def _is_nested(value: list[Any] | Json) -> bool:
    members = value.values() if isinstance(value, dict) else value
    return any(isinstance(member, list | dict) for member in members)
