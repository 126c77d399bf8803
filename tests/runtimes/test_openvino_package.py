"""OpenVINO leaves the process as it was."""

import ctypes
import subprocess
import sys

import pytest

from isegformer.runtimes.openvino_package import SignalStack, openvino_core, same_signal_stack

pytest.importorskip("openvino", reason="openvino is not installed")
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="signal stacks are set on Linux only")


def test_openvino_is_loaded_without_what_reports_to_its_maker():
    pytest.importorskip("openvino", reason="openvino is not installed")
    code = (
        "import sys\nfrom isegformer.runtimes import prepare_clicks\nfrom isegformer.models import load\n"
        "prepare_clicks(load('compact'), runtime='openvino')\n"
        "sys.exit(any(name.startswith('openvino_telemetry') and module is not None"
        " for name, module in sys.modules.items()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


_STACKS = """
import ctypes, faulthandler, threading
from isegformer.models import load
from isegformer.runtimes import prepare_clicks
from isegformer.runtimes.openvino_package import SignalStack
def stack():
    now = SignalStack()
    ctypes.CDLL(None).sigaltstack(None, ctypes.byref(now))
    return (now.address, now.n_bytes)
{setup}
before = stack()
prepare_clicks(load("compact"), runtime="openvino")
assert stack() == before, (stack(), before)
"""


@needs_linux
@pytest.mark.parametrize("setup", ["", "faulthandler.enable()"])
def test_handlers_of_signals_keep_their_stack(setup):
    done = subprocess.run(
        [sys.executable, "-c", _STACKS.format(setup=setup)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@needs_linux
def test_a_stack_that_a_block_sets_is_taken_back():
    sigaltstack = ctypes.CDLL(None).sigaltstack
    room = ctypes.create_string_buffer(1 << 16)
    before, within, after = SignalStack(), SignalStack(), SignalStack()
    sigaltstack(None, ctypes.byref(before))
    with same_signal_stack():
        other = SignalStack(ctypes.addressof(room), 0, len(room))
        assert sigaltstack(ctypes.byref(other), None) == 0
        sigaltstack(None, ctypes.byref(within))
    sigaltstack(None, ctypes.byref(after))
    assert (within.address, within.n_bytes) == (ctypes.addressof(room), len(room))
    assert (after.address, after.n_bytes) == (before.address, before.n_bytes)


def test_there_is_one_core():
    assert openvino_core() is openvino_core()
