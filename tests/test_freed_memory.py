"""What was freed goes back to the system."""

import platform
import subprocess
import sys

import pytest

from isegformer.freed_memory import return_freed_heap, return_large_blocks

needs_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the settings are glibc's")

_RESIDENT_KB = """
import numpy as np
from isegformer.freed_memory import return_freed_heap, return_large_blocks
def resident_kb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))
"""

_LARGE_BLOCKS = """
assert return_large_blocks()
np.ones(16 << 17)  # 16 MiB; freed at once: glibc now keeps blocks of this size
blocks, small = [], []
for _ in range(8):
    blocks.append(np.ones(12 << 17))  # 12 MiB each, with something small that stays behind
    small.append(bytearray(100_000))
before = resident_kb()
del blocks
print(before - resident_kb())
"""

_HOLES = """
blocks = [b"x" * 100_000 for _ in range(1000)]
end = b"x" * 100_000  # holds the heap where it is
del blocks
before = resident_kb()
assert return_freed_heap()
print(before - resident_kb())
"""


def freed_kb(code):
    command = [sys.executable, "-c", _RESIDENT_KB + code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.parametrize("call", [return_large_blocks, return_freed_heap])
def test_other_c_libraries_are_left_alone(call):
    assert call(libc_name="") is False
    assert call(libc_name="musl") is False


@needs_glibc
def test_large_blocks_go_back_to_the_system():
    assert freed_kb(_LARGE_BLOCKS) > 90 * 1024  # of 96 MiB


@needs_glibc
def test_holes_in_the_heap_go_back_to_the_system():
    assert freed_kb(_HOLES) > 80 * 1024  # of 98 MiB
