"""Limits: what a header may claim before memory is set aside for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from math import prod

from isegformer.errors import VolumeReadError

MAX_VOXELS = 2**31
"""Largest volume that is read, in voxels (1290 per side; 2 GiB at 8 bits). A larger claim is refused."""

MAX_COMPRESSION = 1100
"""Largest credible ratio of data to file; deflate, the method of all formats here, cannot exceed 1032."""


@dataclass(frozen=True, kw_only=True)
class StoredSize:
    """How the voxels lie on disk."""

    file_bytes: int | None
    """Size of the file or files with the data; None if not known."""
    is_compressed: bool
    """False only if every voxel has its full width in the file."""


@dataclass(frozen=True, kw_only=True)
class ReadLimits:
    """What a volume may ask for while it is read."""

    voxels: int = MAX_VOXELS
    compression: int = MAX_COMPRESSION
    """Ratio of voxel data to file, where the file is compressed."""


_WIDEST = ReadLimits()
_LIMITS: ContextVar[ReadLimits] = ContextVar("limits", default=_WIDEST)


@contextmanager
def read_limits(limits: ReadLimits) -> Iterator[None]:
    """Hold all volumes that are read in this block, and in this thread, to `limits`.

    For programs that read what strangers send: a header is refused before memory is set aside for it.
    """
    token = _LIMITS.set(limits)
    try:
        yield
    finally:
        _LIMITS.reset(token)


def check_claimed_size(shape: tuple[int, ...], *, bytes_per_voxel: int, stored: StoredSize | None) -> None:
    """Refuse a header whose claim is too large to hold, or too large for the file it stands in.

    Parameters
    ----------
    shape : lengths along all axes, as the header has them
    bytes_per_voxel : size of one stored voxel, all channels together
    stored : what is on disk; None if not known

    Raises
    ------
    VolumeReadError : more voxels than the limits in force allow (see `read_limits`), an empty axis, or data
        that cannot be in a file of this size
    """
    voxels, limits = prod(shape), _LIMITS.get()
    if min(shape, default=0) < 1:
        raise VolumeReadError(f"header claims shape {shape}, expected at least 1 voxel along each axis")
    if voxels > limits.voxels:
        raise VolumeReadError(
            f"header claims {voxels} voxels (shape {shape}), expected at most {limits.voxels}"
        )
    if stored is None or stored.file_bytes is None:
        return
    if voxels * bytes_per_voxel > stored.file_bytes * (limits.compression if stored.is_compressed else 1):
        raise VolumeReadError(
            f"header claims {voxels * bytes_per_voxel} bytes of voxels, the file has {stored.file_bytes}: "
            "it is truncated, not a volume, or compressed further than is believed"
        )
