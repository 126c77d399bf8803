"""A failed write leaves the old file as it was, and nothing else."""

import errno
import os
import stat

import pytest

from isegformer.atomic import replace_atomically
from isegformer.errors import VolumeWriteError, WriteError


def _write_half(path, error):
    with replace_atomically(path) as temporary:
        temporary.write_bytes(b"half")
        raise error


def test_failed_first_write_leaves_nothing(tmp_path):
    with pytest.raises(WriteError, match="broken writer; nothing was left behind"):
        _write_half(tmp_path / "a", RuntimeError("broken writer"))
    assert list(tmp_path.iterdir()) == []


def test_interrupt_removes_the_temporary_file_and_goes_on(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        _write_half(tmp_path / "a", KeyboardInterrupt())
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a", b"old")]


def test_old_file_is_whole_until_the_block_ends_and_its_permissions_stay(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    path.chmod(0o640)
    with replace_atomically(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary.name.endswith("a.txt")
        temporary.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_failure_is_not_said_to_be_of_a_mask(tmp_path):
    with pytest.raises(WriteError) as caught:
        _write_half(tmp_path / "a", RuntimeError("broken writer"))
    assert not isinstance(caught.value, VolumeWriteError)


def test_a_folder_that_cannot_be_flushed_is_a_write_error_that_says_what_stands_there(tmp_path, monkeypatch):
    flush = os.fsync

    def only_files(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", only_files)
    path = tmp_path / "a"
    with (
        pytest.raises(WriteError, match=r"was written, but.*Input/output error"),
        replace_atomically(path) as temporary,
    ):
        temporary.write_bytes(b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a", b"new")]
