"""Large blocks that were freed go back to the system."""

import platform
import subprocess
import sys

import pytest

from isegformer.cli.freed_memory import return_large_blocks

_RESIDENT_AFTER_FREEING = """
import numpy as np
from isegformer.cli.freed_memory import return_large_blocks
{setting}
def resident_kb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))
np.ones(16 << 17)  # 16 MiB; freed at once: glibc now keeps blocks of this size
blocks, small = [], []
for _ in range(8):
    blocks.append(np.ones(12 << 17))  # 12 MiB each, with something small that stays behind
    small.append(bytearray(100_000))
before = resident_kb()
del blocks
print(before - resident_kb())
"""


def test_other_c_libraries_are_left_alone():
    assert return_large_blocks(libc_name="") is False
    assert return_large_blocks(libc_name="musl") is False


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the setting is glibc's")
def test_large_blocks_go_back_to_the_system():
    code = _RESIDENT_AFTER_FREEING.format(setting="assert return_large_blocks()")
    freed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(freed.stdout) > 90 * 1024  # of 96 MiB
