import subprocess
import sys

import pytest

from isegformer.evaluation import memory

MEGABYTES = 80

PEAKS = f"""
import numpy as np
from isegformer.evaluation import memory
memory.reset_peaks()
print(memory.peak_rss_mb())
np.ones({MEGABYTES} * 10**6, np.uint8)  # written, so it is resident, and gone again
print(memory.peak_rss_mb())
memory.reset_peaks()
print(memory.peak_rss_mb())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes a peak back")
def test_the_peak_is_that_since_it_was_reset():
    # In a process of its own: this one may hold freed memory that it would take again.
    done = subprocess.run([sys.executable, "-c", PEAKS], capture_output=True, text=True, check=True)
    before, peak, after = (float(line) for line in done.stdout.split())
    assert before + 0.9 * MEGABYTES < peak < before + 1.5 * MEGABYTES
    assert after < before + 0.5 * MEGABYTES


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells no peak")
def test_without_proc_the_peak_is_that_of_the_whole_process(monkeypatch, tmp_path):
    known = memory.peak_rss_mb()
    monkeypatch.setattr(memory, "_STATUS", tmp_path / "absent")
    monkeypatch.setattr(memory, "_CLEAR_REFS", tmp_path / "absent" / "too")
    memory.reset_peaks()
    assert memory.peak_rss_mb() > 0.5 * known


def test_without_a_gpu_there_is_no_peak_of_it(monkeypatch):
    monkeypatch.setattr(memory.torch.cuda, "is_available", lambda: False)
    assert memory.peak_gpu_mb() is None
