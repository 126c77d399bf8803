import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # import mode importlib leaves tests off the path

from dataset_trees import MAKERS  # found through the line above


@pytest.fixture
def make(tmp_path):
    """Return a function that makes a tiny folder of a form."""

    def made(form):
        root = tmp_path / form
        root.mkdir()
        MAKERS[form](root)
        return root

    return made
