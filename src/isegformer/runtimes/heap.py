"""What preparing a network freed goes back to the system: compiling leaves half a heap of holes behind."""

import ctypes
import platform


def return_freed_heap(*, libc_name: str | None = None) -> bool:
    """Tell the C library to give back the pages of its heap that nothing lies in; False where it cannot.

    Parameters
    ----------
    libc_name : as `platform.libc_ver` names the library; None asks it
    """
    name = platform.libc_ver()[0] if libc_name is None else libc_name
    if name != "glibc":
        return False
    ctypes.CDLL(None).malloc_trim(0)  # malloc_trim(3)
    return True
