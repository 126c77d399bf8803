import platform

import numpy as np

from isegformer import __version__
from isegformer.evaluation import environment


def test_versions_and_hardware_are_named():
    facts = environment.describe_environment("cpu")
    assert facts["isegformer"] == __version__
    assert facts["python"] == platform.python_version()
    assert facts["numpy"] == np.__version__
    assert facts["device"] == "cpu"
    assert facts["cores"] >= 1
    assert facts["processor"]


def test_packages_that_are_not_installed_are_left_out(monkeypatch):
    monkeypatch.setattr(environment, "PACKAGES", ("numpy", "no-such-package"))
    assert "no-such-package" not in environment.describe_environment("cpu")
