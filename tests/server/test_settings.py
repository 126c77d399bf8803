from pathlib import Path

import pytest

from isegformer.errors import ConfigError
from isegformer.server import Limits, ServerSettings, default_state_root

GOOD = {"data_root": Path(), "state_root": Path(), "users": {"eva": "t" * 32}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"users": {}}, "no users"),
        ({"users": {"eva": "short"}}, "at least 16"),
        ({"users": {" ": "t" * 32}}, "at least 16"),
        ({"users": {"eva": "\u00e4" * 32}}, "ASCII"),
        ({"users": {"eva": "t" * 32, "ben": "t" * 32}}, "same token"),
        ({"target_dice": 0}, "target Dice"),
        ({"memory_budget_bytes": 0}, "memory budget"),
    ],
)
def test_settings_that_are_not_safe_or_make_no_sense_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        ServerSettings(**{**GOOD, **change})


def test_limits_are_above_zero():
    with pytest.raises(ConfigError, match="upload_bytes is 0"):
        Limits(upload_bytes=0)


def test_a_server_on_all_addresses_is_not_known_by_that_address():
    settings = ServerSettings(**GOOD, host="0.0.0.0", host_names=("Scans.example",))
    assert settings.allowed_hosts == {"127.0.0.1", "localhost", "::1", "scans.example"}
    assert "10.0.0.7" in ServerSettings(**GOOD, host="10.0.0.7").allowed_hosts


def test_sessions_lie_in_the_data_root_or_in_the_users_folder(tmp_path, monkeypatch):
    assert default_state_root(tmp_path) == tmp_path / ".isegformer"
    monkeypatch.setattr("os.access", lambda *_: False)
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: Path("/home/eva") / name)
    elsewhere = default_state_root(tmp_path)
    assert elsewhere.parent == Path("/home/eva/isegformer/sessions")
    assert elsewhere != default_state_root(tmp_path.parent)
