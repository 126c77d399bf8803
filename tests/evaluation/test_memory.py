import sys

import numpy as np
import pytest

from isegformer.evaluation import memory

MEGABYTES = 80


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes a peak back")
def test_the_peak_is_that_since_it_was_reset():
    memory.reset_peaks()
    before = memory.peak_rss_mb()
    assert np.ones(MEGABYTES * 10**6, np.uint8).sum() == MEGABYTES * 10**6  # written, so it is resident
    assert before + 0.9 * MEGABYTES < memory.peak_rss_mb() < before + 1.5 * MEGABYTES
    memory.reset_peaks()
    assert memory.peak_rss_mb() < before + 0.5 * MEGABYTES


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
