"""Compiled graphs are kept between starts, never trusted when damaged, never a reason to fail."""

import errno
import os
from pathlib import Path

import pytest
import torch
from torch import nn

from isegformer.runtimes.compiled_cache import CompiledCache, default_folder, graph_key

KEY = "a" * 64


def test_what_was_written_is_read_again(tmp_path):
    cache = CompiledCache(folder=tmp_path / "new" / "folder")
    assert cache.read(KEY) is None
    cache.write(KEY, memoryview(b"graph \0 bytes"))
    assert bytes(cache.read(KEY)) == b"graph \0 bytes"
    assert bytes(CompiledCache(folder=tmp_path / "new" / "folder").read(KEY)) == b"graph \0 bytes"


def test_the_folder_is_its_owners_alone(tmp_path):
    CompiledCache(folder=tmp_path / "graphs").write(KEY, memoryview(b"graph"))
    assert (tmp_path / "graphs").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b[:20], lambda b: b"", lambda b: b[:40] + b"x" + b[41:]]
)
def test_a_damaged_graph_is_none_and_says_so(tmp_path, caplog, damage):
    cache = CompiledCache(folder=tmp_path)
    cache.write(KEY, memoryview(b"0123456789" * 5))
    (path,) = tmp_path.glob("*.graph")
    path.write_bytes(damage(path.read_bytes()))
    assert cache.read(KEY) is None
    assert "damaged" in caplog.text


def test_what_was_read_stays_when_the_file_changes_or_goes(tmp_path):
    cache = CompiledCache(folder=tmp_path)
    cache.write(KEY, memoryview(b"0123456789"))
    graph = cache.read(KEY)
    (path,) = tmp_path.glob("*.graph")
    with path.open("r+b") as file:
        file.truncate(3)  # a mapped file would end the process here
    assert bytes(graph) == b"0123456789"
    path.unlink()
    assert bytes(graph) == b"0123456789"


def test_without_room_on_disk_a_graph_is_read_into_memory_and_says_so(tmp_path, monkeypatch, caplog):
    cache = CompiledCache(folder=tmp_path)
    cache.write(KEY, memoryview(b"0123456789"))
    monkeypatch.setenv("ISEGFORMER_SCRATCH", str(tmp_path / "nowhere"))
    assert bytes(cache.read(KEY)) == b"0123456789"
    assert "ISEGFORMER_SCRATCH" in caplog.text


def test_a_folder_that_is_read_only_is_read(tmp_path, monkeypatch):
    def refuse(path):
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    cache = CompiledCache(folder=tmp_path)
    cache.write(KEY, memoryview(b"0123456789"))
    monkeypatch.setattr(os, "utime", refuse)
    assert bytes(cache.read(KEY)) == b"0123456789"


def test_where_nothing_can_be_written_work_goes_on_with_a_warning(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    CompiledCache(folder=tmp_path / "file" / "folder").write(KEY, memoryview(b"graph"))
    assert "not kept" in caplog.text


def test_what_was_not_used_for_longest_goes_first(tmp_path):
    cache = CompiledCache(folder=tmp_path, most_bytes=3 * (32 + 10))
    for place, key in enumerate("abc"):
        cache.write(key, memoryview(b"0123456789"))
        os.utime(tmp_path / f"{key}.graph", (place, place))
    cache.read("a")
    cache.write("d", memoryview(b"0123456789"))
    assert sorted(path.stem for path in tmp_path.glob("*.graph")) == ["a", "c", "d"]


def test_the_newest_graph_stays_however_large_it_is(tmp_path):
    cache = CompiledCache(folder=tmp_path, most_bytes=5)
    cache.write("a", memoryview(b"0123456789"))
    assert bytes(cache.read("a")) == b"0123456789"


def test_a_key_changes_with_weights_structure_and_settings():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    key = graph_key(module, settings=("f32",))
    assert key == graph_key(module, settings=("f32",))
    assert key != graph_key(module, settings=("bf16",))
    assert key != graph_key(nn.Sequential(module[0], nn.GELU()), settings=("f32",))
    with torch.no_grad():
        module[0].weight[0, 0] += 1e-6
    assert key != graph_key(module, settings=("f32",))


def test_the_folder_can_be_named(monkeypatch):
    monkeypatch.setenv("ISEGFORMER_COMPILED", "some/where")
    assert default_folder() == Path("some/where")
