"""Pages of the heap that nothing lies in go back to the system."""

import platform
import subprocess
import sys

import pytest

from isegformer.runtimes.heap import return_freed_heap

_RESIDENT_AFTER_FREEING = """
from isegformer.runtimes.heap import return_freed_heap
def resident_kb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))
blocks = [b"x" * 100_000 for _ in range(1000)]
end = b"x" * 100_000  # holds the heap where it is
del blocks
before = resident_kb()
assert return_freed_heap()
print(before - resident_kb())
"""


def test_other_c_libraries_are_left_alone():
    assert return_freed_heap(libc_name="") is False
    assert return_freed_heap(libc_name="musl") is False


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the call is glibc's")
def test_freed_pages_go_back():
    done = subprocess.run(
        [sys.executable, "-c", _RESIDENT_AFTER_FREEING], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) > 80 * 1024  # of 98 MiB
