"""Arrays that may be larger than memory: small ones are ordinary, large ones lie in a temporary file.

A large array is mapped from a file without a name, which the system deletes when nothing refers to the array
any more, or the process ends in whatever way. Its pages are the system's to keep or to write out, so that
they take no memory from anybody. The file's room is reserved at once: writing into a mapped file on a full
disk would kill the process.
"""

import errno
import mmap
import os
import tempfile
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import IO, Literal, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from isegformer.errors import ScratchError
from isegformer.types import AnyArray

MIB = 1024**2

LARGE_BYTES = 64 * MIB
"""Arrays above this lie on disk."""

SLAB_BYTES = 8 * MIB
"""How much of an array is worked on at once."""

FOLDER_VARIABLE = "ISEGFORMER_SCRATCH"

LARGE_FILES = Path("/var/tmp")  # noqa: S108  # the files have no name
"""Where Unix systems want large temporary files; /tmp may be memory itself (file-hierarchy(7))."""

ZEROS = bytes(MIB)

Order: TypeAlias = Literal["C", "F"]
"""Of the axes in memory: the last ("C") or the first ("F") one has neighbours side by side."""


def zeros(shape: tuple[int, ...], dtype: DTypeLike, *, order: Order = "C") -> AnyArray:
    """Return zeros, in memory or, if they are large, on disk.

    Raises
    ------
    ScratchError : no room on disk
    """
    if prod(shape) * np.dtype(dtype).itemsize <= LARGE_BYTES:
        return np.zeros(shape, dtype, order=order)
    return on_disk(shape, dtype, order=order)


def on_disk(
    shape: tuple[int, ...], dtype: DTypeLike, *, order: Order = "C", folder: Path | None = None
) -> AnyArray:
    """Return zeros that lie on disk.

    Parameters
    ----------
    folder : where; None: `scratch_folder`

    Raises
    ------
    ScratchError : no room there
    """
    n_bytes = prod(shape) * np.dtype(dtype).itemsize
    with _reserved_file(n_bytes, folder=scratch_folder() if folder is None else folder) as file:
        mapped = mmap.mmap(file.fileno(), n_bytes)  # keeps the file after it is closed here
    return np.ndarray(shape, dtype, buffer=mapped, order=order)


def copy(array: AnyArray) -> AnyArray:
    """Return a copy with the axes in the same order in memory; ScratchError if it has no room."""
    return converted(array, array.dtype)


def converted(array: AnyArray, dtype: DTypeLike) -> AnyArray:
    """Return a copy of another type, as `numpy.ndarray.astype`; ScratchError if it has no room."""
    result = zeros(array.shape, dtype, order=order_of(array))
    for slab in slabs(array):
        result[slab] = array[slab]
    return result


def let_go(array: AnyArray) -> None:
    """Take the pages of an array that lies on disk out of memory; who reads them brings them back."""
    mapped: object = array.base
    if isinstance(mapped, mmap.mmap) and hasattr(mapped, "madvise"):  # not on Windows
        mapped.madvise(mmap.MADV_DONTNEED)


def slabs(array: AnyArray) -> Iterator[tuple[slice, ...]]:
    """Yield indices that cut an array into parts of about `SLAB_BYTES`, in the order in which they lie."""
    axis = 0 if order_of(array) == "C" else array.ndim - 1
    for part in parts(array, axis=axis):
        yield (slice(None),) * axis + (part,)


def parts(array: AnyArray, *, axis: int) -> Iterator[slice]:
    """Yield slices of an axis that cut an array into parts of about `SLAB_BYTES`, at least one thick."""
    length = array.shape[axis]
    step = max(1, SLAB_BYTES * length // max(array.nbytes, 1))
    for start in range(0, length, step):
        yield slice(start, min(start + step, length))


def order_of(array: AnyArray) -> Order:
    """Return the order of the axes in memory, or what is nearest to it."""
    return "F" if array.ndim > 1 and abs(array.strides[0]) < abs(array.strides[-1]) else "C"


def scratch_folder() -> Path:
    """Return where large arrays lie: `ISEGFORMER_SCRATCH`, TMPDIR, /var/tmp or the system's folder."""
    named = os.environ.get(FOLDER_VARIABLE) or os.environ.get("TMPDIR")
    if named:
        return Path(named)
    return LARGE_FILES if os.access(LARGE_FILES, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())


def _reserved_file(n_bytes: int, *, folder: Path) -> IO[bytes]:
    """Return a temporary file of zeros whose room on disk is taken."""
    try:
        file = tempfile.TemporaryFile(prefix="isegformer-", dir=folder)  # noqa: SIM115  # closed by the caller
        try:
            _reserve(file, n_bytes)
        except BaseException:
            file.close()
            raise
    except OSError as error:
        raise ScratchError(
            f"cannot keep {n_bytes} bytes in a temporary file in {folder}: {error}; expected that much room "
            f"there: free some, or name another folder in the environment variable {FOLDER_VARIABLE}"
        ) from error
    return file


def _reserve(file: IO[bytes], n_bytes: int) -> None:
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file.fileno(), 0, n_bytes)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):  # the file system has no such call
                raise
        else:
            return
    file.seek(0)
    for start in range(0, n_bytes, len(ZEROS)):
        file.write(ZEROS[: n_bytes - start])
    file.flush()
