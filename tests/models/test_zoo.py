import dataclasses
import hashlib
import json
from pathlib import Path

import pytest
import torch

from isegformer.errors import CheckpointError, WeightsNotFoundError
from isegformer.models import (
    available,
    build_click_network,
    fetch,
    inspect,
    load,
    save_weights,
    weights_sha256,
    zoo,
)
from isegformer.models.checkpoint.state import network_state
from isegformer.models.registry import WeightsEntry, read_registry
from isegformer.models.zoo import BUNDLED_FOLDER, Zoo


def forbidden(url: str, path: Path) -> None:
    raise AssertionError(f"asked to download {url} to {path}")


@pytest.fixture
def weights_bytes(tmp_path, tiny_swin) -> bytes:
    path = tmp_path / "source.safetensors"
    save_weights(build_click_network(tiny_swin), path)
    return path.read_bytes()


@pytest.fixture
def entry(weights_bytes) -> WeightsEntry:
    return WeightsEntry(
        name="tiny",
        kind="click",
        architecture="swin (custom)",
        file="tiny.safetensors",
        sha256=hashlib.sha256(weights_bytes).hexdigest(),
        url="https://example.org/tiny.safetensors",
        licence="MIT",
        card="tiny.md",
        bundled=False,
    )


def zoo_of(entry: WeightsEntry, folder: Path) -> Zoo:
    bundled, cache = folder / "bundled", folder / "cache"
    bundled.mkdir(exist_ok=True)
    return Zoo(
        entries={entry.name: entry}, bundled_folder=bundled, cache_folder=cache, own_folder=folder / "own"
    )


def test_a_name_is_downloaded_once_and_then_taken_from_the_cache(tmp_path, entry, weights_bytes):
    asked = []

    def download(url: str, path: Path) -> None:
        asked.append(url)
        path.write_bytes(weights_bytes)

    weights = zoo_of(entry, tmp_path)
    path = weights.resolve("tiny", download=download)
    assert path == tmp_path / "cache" / "tiny.safetensors"
    assert weights.resolve("tiny", download=forbidden) == path
    assert asked == [entry.url]
    assert list(path.parent.iterdir()) == [path]


def test_offline_the_error_says_where_to_put_which_file(tmp_path, entry):
    def offline(_url: str, _path: Path) -> None:
        raise OSError("Network is unreachable")

    with pytest.raises(WeightsNotFoundError) as caught:
        zoo_of(entry, tmp_path).resolve("tiny", download=offline)
    expected_path = tmp_path / "cache" / "tiny.safetensors"
    for part in ("Network is unreachable", f"put the file at {expected_path}", entry.sha256, entry.url):
        assert part in str(caught.value)


def test_weights_without_an_address_say_where_to_put_the_file(tmp_path, entry):
    weights = zoo_of(dataclasses.replace(entry, url=None), tmp_path)
    with pytest.raises(WeightsNotFoundError, match=r"put the file at .*tiny\.safetensors \(SHA-256"):
        weights.resolve("tiny", download=forbidden)


def test_a_wrong_download_is_refused_and_not_kept(tmp_path, entry):
    weights = zoo_of(entry, tmp_path)
    with pytest.raises(CheckpointError, match=f"expected {entry.sha256}"):
        weights.resolve("tiny", download=lambda _url, path: path.write_bytes(b"an error page") and None)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_damaged_file_in_the_cache_is_an_error_that_says_what_to_do(tmp_path, entry):
    weights = zoo_of(entry, tmp_path)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "tiny.safetensors").write_bytes(b"half")
    with pytest.raises(CheckpointError, match="delete it, it will be downloaded again"):
        weights.resolve("tiny", download=forbidden)


def test_a_damaged_or_missing_bundled_file_asks_for_a_new_installation(tmp_path, entry):
    weights = zoo_of(dataclasses.replace(entry, bundled=True), tmp_path)
    with pytest.raises(WeightsNotFoundError, match="comes with the package, so install it again"):
        weights.resolve("tiny", download=forbidden)
    (tmp_path / "bundled" / "tiny.safetensors").write_bytes(b"half")
    with pytest.raises(CheckpointError, match="install the package again"):
        weights.resolve("tiny", download=forbidden)


def test_own_weights_that_are_missing_or_damaged_are_to_be_brought_back(tmp_path, entry):
    weights = zoo_of(dataclasses.replace(entry, own=True, url=None), tmp_path)
    with pytest.raises(WeightsNotFoundError, match="bring it back from a copy"):
        weights.resolve("tiny", download=forbidden)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "tiny.safetensors").write_bytes(b"half")
    with pytest.raises(CheckpointError, match="bring it back from a copy, or adapt again"):
        weights.resolve("tiny", download=forbidden)


def test_what_is_neither_name_nor_file_lists_the_names(tmp_path, entry):
    with pytest.raises(WeightsNotFoundError, match=r"'tyni' are neither a file nor a name; names: tiny"):
        zoo_of(entry, tmp_path).resolve("tyni", download=forbidden)


def test_public_functions_take_names_and_paths(tmp_path, entry, weights_bytes, monkeypatch):
    cache = tmp_path / "my cache"
    cache.mkdir()
    (cache / entry.file).write_bytes(weights_bytes)
    (tmp_path / "registry.json").write_text(json.dumps({"format": 1, "weights": [dataclasses.asdict(entry)]}))
    monkeypatch.setattr(zoo, "BUNDLED_FOLDER", tmp_path)
    monkeypatch.setenv("ISEGFORMER_CACHE", str(cache))
    by_name, by_path = load("tiny"), load(cache / entry.file, device=torch.device("cpu"))
    assert torch.equal(
        network_state(by_name)["decoder.fuse.weight"], network_state(by_path)["decoder.fuse.weight"]
    )
    assert available() == [entry]
    assert fetch("tiny") == cache / entry.file
    assert (
        inspect("tiny").sha256
        == weights_sha256("tiny")
        == weights_sha256(str(cache / entry.file))
        == entry.sha256
    )


def test_the_downloader_fetches_any_address(tmp_path, entry, weights_bytes, monkeypatch):
    asked = {}

    def retrieve(url, known_hash, fname, path):
        asked.update(url=url, known_hash=known_hash)
        (Path(path) / fname).write_bytes(weights_bytes)

    monkeypatch.setattr("pooch.retrieve", retrieve)
    path = zoo_of(entry, tmp_path).resolve("tiny", download=zoo._download)
    assert path.read_bytes() == weights_bytes
    assert asked == {"url": entry.url, "known_hash": None}


@pytest.mark.parametrize("text", ["", "{}", '{"weights": [{"name": "a"}]}', '{"weights": 3}'])
def test_a_damaged_registry_is_an_error(tmp_path, text):
    (tmp_path / "registry.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"registry of weights .* is damaged"):
        read_registry(tmp_path / "registry.json")


def test_a_name_twice_in_the_registry_is_an_error(tmp_path, entry):
    record = dataclasses.asdict(entry)
    (tmp_path / "registry.json").write_text(json.dumps({"weights": [record, record]}))
    with pytest.raises(CheckpointError, match="a name twice"):
        read_registry(tmp_path / "registry.json")


def test_every_bundled_file_is_the_registered_one_has_a_card_and_loads():
    registered = [
        entry for entry in read_registry(BUNDLED_FOLDER / "registry.json").values() if entry.bundled
    ]
    files = {path.name for path in BUNDLED_FOLDER.glob("*.safetensors")}
    assert {entry.file for entry in registered} == files
    for entry in registered:
        summary = inspect(entry.name)
        assert (summary.kind, summary.architecture) == (entry.kind, entry.architecture)
        assert (BUNDLED_FOLDER / entry.card).is_file()
        assert (BUNDLED_FOLDER / entry.file).stat().st_size <= 30e6
