"""Fixtures for evaluations on stand-ins for networks."""

import sys
from pathlib import Path

import cv2
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))  # for evaluation_fakes, which worker processes import too

from evaluation_fakes import write_cells  # needs the line above


@pytest.fixture
def cells(tmp_path):
    """Return a folder of three images with two objects each."""
    return write_cells(tmp_path / "cells")


@pytest.fixture(autouse=True)
def threads_as_before():
    """Give back the threads that a worker in this process has taken away."""
    before = torch.get_num_threads(), cv2.getNumThreads()
    yield
    torch.set_num_threads(before[0])
    cv2.setNumThreads(before[1])
