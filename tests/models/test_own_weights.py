import dataclasses
import logging

import pytest
import torch

from isegformer.errors import CheckpointError, ConfigError, WriteError
from isegformer.models import (
    available,
    build_click_network,
    check_new_name,
    fetch,
    load,
    register_own,
    save_weights,
)
from isegformer.models.checkpoint.state import network_state
from isegformer.models.own_weights import OWN_REGISTRY, own_entries, own_folder
from isegformer.models.registry import read_registry, write_registry


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("ISEGFORMER_WEIGHTS", str(tmp_path / "own"))
    return tmp_path / "own"


@pytest.fixture
def weights_file(tmp_path, tiny_swin):
    network = build_click_network(tiny_swin)
    save_weights(network, tmp_path / "made.safetensors")
    return tmp_path / "made.safetensors"


def registered(file, folder, name="my-liver"):
    return register_own(file, name=name, licence="mine", card="# my-liver\n", folder=folder)


def test_registered_weights_are_offered_by_name_beside_the_bundled_ones(own, weights_file):
    entry = registered(weights_file, own_folder())
    names = [known.name for known in available()]
    assert {"compact", "my-liver", "stcn-small"} <= set(names)
    assert fetch("my-liver") == own / "my-liver.safetensors"
    assert (own / entry.card).read_text() == "# my-liver\n"
    expected = network_state(load(weights_file))
    got = network_state(load("my-liver"))
    assert all(torch.equal(got[name], value) for name, value in expected.items())


def test_a_second_entry_keeps_the_first(own, weights_file):
    registered(weights_file, own)
    registered(weights_file, own, name="my-spleen")
    assert sorted(own_entries(own)) == ["my-liver", "my-spleen"]


@pytest.mark.parametrize("name", ["", "Liver", "../liver", "a/b", "-x", "a b", "x" * 65, "lëber"])
def test_names_that_are_no_plain_file_names_are_refused(name):
    with pytest.raises(ConfigError, match="weights cannot be called"):
        check_new_name(name, taken={})


def test_a_name_is_given_once(own, weights_file):
    check_new_name("my-liver", taken=own_entries(own))
    registered(weights_file, own)
    with pytest.raises(ConfigError, match="'my-liver' exist already; choose another"):
        check_new_name("my-liver", taken=own_entries(own))


def test_a_damaged_registry_hides_own_weights_and_says_so_but_not_the_bundled_ones(own, caplog):
    own.mkdir()
    (own / OWN_REGISTRY).write_text('{"weights": [')
    with caplog.at_level(logging.WARNING, logger="isegformer"):
        names = [entry.name for entry in available()]
    assert "compact" in names
    assert "your own weights are not offered" in caplog.text


def test_a_damaged_registry_is_not_overwritten(own, weights_file):
    own.mkdir()
    (own / OWN_REGISTRY).write_text('{"weights": [')
    with pytest.raises(CheckpointError, match="is damaged"):
        registered(weights_file, own)
    assert (own / OWN_REGISTRY).read_text() == '{"weights": ['


def test_entries_that_lead_out_of_the_folder_or_claim_the_projects_names_are_not_used(own, weights_file):
    entry = registered(weights_file, own)
    bundled = next(known for known in available() if known.name == "compact")
    hostile = [
        dataclasses.replace(entry, name="outside", file="../made.safetensors"),
        dataclasses.replace(entry, name="compact"),
        dataclasses.replace(entry, name="not-own", own=False),
    ]
    write_registry(own / OWN_REGISTRY, hostile)
    assert sorted(own_entries(own)) == ["compact"]
    assert next(known for known in available() if known.name == "compact") == bundled


def test_what_is_no_weights_file_is_not_registered(own, tmp_path):
    (tmp_path / "x.safetensors").write_bytes(b"nothing")
    with pytest.raises(CheckpointError):
        registered(tmp_path / "x.safetensors", own)
    assert not own.exists()


def test_a_full_disk_leaves_the_registry_as_it_was(own, weights_file, monkeypatch):
    registered(weights_file, own)
    before = (own / OWN_REGISTRY).read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("isegformer.atomic.os.replace", full)
    with pytest.raises(WriteError, match="No space left"):
        registered(weights_file, own, name="my-spleen")
    assert (own / OWN_REGISTRY).read_bytes() == before
    assert sorted(read_registry(own / OWN_REGISTRY)) == ["my-liver"]
