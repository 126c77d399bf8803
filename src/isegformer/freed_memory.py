"""Freed memory goes back to the system: after a large piece of work a program should be as small as before.

glibc learns from the first large tensor that is freed to keep the next ones of its size in its heap, where
whatever small thing lies behind them holds them. With a fixed threshold, large blocks are the system's own
and go back at once (mallopt(3), M_MMAP_THRESHOLD). What compiling a network leaves behind are holes between
small blocks, which go back when they are asked for (malloc_trim(3)).
"""

import ctypes
import platform

LARGE_BYTES = 4 * 1024**2
"""Blocks from this size on are asked of the system one by one; smaller ones would make that cost time."""

M_MMAP_THRESHOLD = -3
"""Number of the setting in glibc's malloc.h; the manual page mallopt(3) describes it."""


def return_large_blocks(*, libc_name: str | None = None) -> bool:
    """Tell the C library to give large blocks back whenever they are freed; False where it cannot.

    Parameters
    ----------
    libc_name : as `platform.libc_ver` names the library; None asks it
    """
    glibc = _glibc(libc_name)
    return glibc is not None and bool(glibc.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES))


def return_freed_heap(*, libc_name: str | None = None) -> bool:
    """Tell the C library to give back now the pages of its heap that nothing lies in; False where it cannot.

    Parameters
    ----------
    libc_name : as for `return_large_blocks`
    """
    glibc = _glibc(libc_name)
    if glibc is not None:
        glibc.malloc_trim(0)
    return glibc is not None


def _glibc(libc_name: str | None) -> ctypes.CDLL | None:
    name = platform.libc_ver()[0] if libc_name is None else libc_name
    return ctypes.CDLL(None) if name == "glibc" else None
