"""Fixtures for sessions on stand-ins for the networks."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for session_fakes, which crash_worker.py imports too

from session_fakes import create_session, open_session  # needs the line above

from isegformer.session import AddObject


@pytest.fixture
def folder(tmp_path):
    """Return a folder that is not there yet."""
    return tmp_path / "work"


@pytest.fixture
def session(folder):
    """Return a new session with the object 1 ("liver"), closed after the test."""
    with create_session(folder) as made:
        made.apply(AddObject(label=1, name="liver"))
        yield made


@pytest.fixture
def reopen(folder):
    """Return a function that opens the folder again; what it opened is closed after the test."""
    opened = []

    def open_again(**overrides):
        opened.append(open_session(folder, **overrides))
        return opened[-1]

    yield open_again
    for item in opened:
        item.close()
