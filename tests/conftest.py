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


@pytest.fixture(autouse=True)
def no_weights_of_the_users_own(tmp_path_factory, monkeypatch) -> None:
    """Keep the named weights of whoever runs the tests out of them."""
    monkeypatch.setenv("ISEGFORMER_WEIGHTS", str(tmp_path_factory.getbasetemp() / "no-own-weights"))


@pytest.fixture(autouse=True)
def graphs_compiled_by_tests(tmp_path_factory, monkeypatch) -> None:
    """Let tests share what one of them compiled, and leave that of whoever runs them alone."""
    monkeypatch.setenv("ISEGFORMER_COMPILED", str(tmp_path_factory.getbasetemp() / "compiled"))
