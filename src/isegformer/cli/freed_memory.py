"""Freed memory goes back to the system: a program that ran a propagation should be as small as before it.

glibc learns from the first large tensor that is freed to keep the next ones of its size in its heap, where
whatever small thing lies behind them holds them. With a fixed threshold, large blocks are the system's own
and go back at once (mallopt(3), M_MMAP_THRESHOLD).
"""

import ctypes
import platform

LARGE_BYTES = 4 * 1024**2
"""Blocks from this size on are asked of the system one by one; smaller ones would make that cost time."""

M_MMAP_THRESHOLD = -3
"""Number of the setting in glibc's malloc.h; the manual page mallopt(3) describes it."""


def return_large_blocks(*, libc_name: str | None = None) -> bool:
    """Tell the C library so; False where it has no such setting.

    Parameters
    ----------
    libc_name : as `platform.libc_ver` names the library; None asks it
    """
    name = platform.libc_ver()[0] if libc_name is None else libc_name
    if name != "glibc":
        return False
    return bool(ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BYTES))
