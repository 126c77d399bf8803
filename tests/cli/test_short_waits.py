"""Idle threads of PyTorch spin briefly in commands, unless the user said otherwise."""

import os
import subprocess
import sys

import pytest

from isegformer.cli.short_waits import wait_shortly


@pytest.fixture
def before_torch(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)


def test_idle_threads_soon_sleep(before_torch):
    environment = {}
    assert wait_shortly(environment) is True
    assert environment == {"GOMP_SPINCOUNT": "10000"}


def test_what_users_set_stays(before_torch):
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        environment = {name: "users"}
        assert wait_shortly(environment) is False
        assert environment == {name: "users"}


def test_once_torch_is_loaded_nothing_is_set(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", object())
    environment = {}
    assert wait_shortly(environment) is False
    assert environment == {}


@pytest.mark.skipif(sys.platform != "linux", reason="PyTorch brings this OpenMP along on Linux only")
def test_a_command_sets_it_before_torch_reads_it():
    environment = {**os.environ, "OMP_DISPLAY_ENV": "VERBOSE"}
    environment.pop("GOMP_SPINCOUNT", None)
    environment.pop("OMP_WAIT_POLICY", None)
    code = "import sys; from isegformer.cli.main import main; main(['info', '--runtime'])"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    if "GOMP_SPINCOUNT" not in done.stderr:
        pytest.skip("this build of PyTorch has another OpenMP")
    assert "GOMP_SPINCOUNT = '10000'" in done.stderr
