"""Fixtures for all tests."""

import os
from pathlib import Path

import pytest

_BESIDE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "parity"


@pytest.fixture(scope="session")
def parity_dir() -> Path:
    """Return the folder of golden outputs of the reference implementations; skip where there is none."""
    folder = Path(os.environ.get("ISEGFORMER_PARITY", _BESIDE_CHECKOUT))
    if not (folder / "README.md").is_file():
        pytest.skip(f"no golden outputs in {folder}; set ISEGFORMER_PARITY to the folder that holds them")
    return folder
