"""The package openvino, loaded so that it changes nothing for its process and reports to nobody."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

CPU = "CPU"
"""OpenVINO's name of the device that we use."""


def load_openvino() -> Any:
    """Return the package; ImportError where it is not installed.

    Its import sends an event to its maker unless the module for that is missing, and nobody asked whoever
    segments patients here.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None: cannot be imported
    import openvino  # noqa: PLC0415  optional, and takes a second

    return openvino


@cache
def openvino_core() -> Any:
    """Return the one `openvino.Core` of this process, its part for CPUs loaded.

    That part gives the thread that loads it a stack for signal handlers, 11 KiB large, and takes it away when
    it goes. Python's handlers (Ctrl-C, a child that ended, a timer) run there: it is too small for them on
    processors with AVX-512, which ends the process. So there is one core, which stays, and the thread keeps
    the stack that it had.
    """
    with same_signal_stack():
        core = load_openvino().Core()
        core.get_property(CPU, "FULL_DEVICE_NAME")  # loads the part for CPUs
    return core


class SignalStack(ctypes.Structure):
    """Linux's stack_t, see sigaltstack(2)."""

    _fields_ = (("address", ctypes.c_void_p), ("flags", ctypes.c_int), ("n_bytes", ctypes.c_size_t))


@contextmanager
def same_signal_stack() -> Iterator[None]:
    """Leave this thread the stack for signal handlers that it had, whatever the block sets."""
    if sys.platform != "linux":  # elsewhere OpenVINO sets none
        yield
        return
    sigaltstack = ctypes.CDLL(None).sigaltstack
    before = SignalStack()
    sigaltstack(None, ctypes.byref(before))
    try:
        yield
    finally:
        sigaltstack(ctypes.byref(before), None)
