"""Tests for isegformer.scratch."""

import errno
import os
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from isegformer import scratch
from isegformer.errors import ScratchError

needs_proc = pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc, as on Linux")


@pytest.fixture
def _everything_is_large(monkeypatch):
    monkeypatch.setattr(scratch, "LARGE_BYTES", 0)


def mapped_files(folder):
    """Return the sizes in bytes of this process's mappings of files in a folder."""
    lines = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    ranges = (line.split()[0].split("-") for line in lines if str(folder) in line)
    return [int(stop, 16) - int(start, 16) for start, stop in ranges]


@pytest.mark.parametrize("order", ["C", "F"])
def test_small_arrays_are_ordinary(order):
    array = scratch.zeros((2, 3, 4), np.uint16, order=order)
    assert array.base is None
    assert scratch.order_of(array) == order
    assert not array.any()


@needs_proc
@pytest.mark.usefixtures("_everything_is_large")
@pytest.mark.parametrize("order", ["C", "F"])
def test_large_arrays_lie_in_a_file_without_a_name_that_goes_with_them(monkeypatch, tmp_path, order):
    monkeypatch.setenv(scratch.FOLDER_VARIABLE, str(tmp_path))
    array = scratch.zeros((50, 30, 40), np.uint16, order=order)
    assert not array.any()
    array[7, 8, 9] = 5
    assert (int(array.sum()), array.dtype, array.shape) == (5, np.uint16, (50, 30, 40))
    assert scratch.order_of(array) == order
    assert sum(mapped_files(tmp_path)) >= array.nbytes
    assert list(tmp_path.iterdir()) == []
    view = array[1:]
    del array
    assert mapped_files(tmp_path) != []
    del view
    assert mapped_files(tmp_path) == []


@needs_proc
def test_only_arrays_above_the_limit_lie_on_disk(monkeypatch, tmp_path):
    monkeypatch.setenv(scratch.FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr(scratch, "LARGE_BYTES", 1000)
    small = scratch.zeros((1000,), np.uint8)
    assert (mapped_files(tmp_path), small.size) == ([], 1000)
    large = scratch.zeros((1001,), np.uint8)
    assert (mapped_files(tmp_path), large.size) == ([4096], 1001)


@given(
    arrays.arrays(np.int16, arrays.array_shapes(min_dims=1, max_dims=4)),
    st.sampled_from([1, 7, 64, 10**6]),
    st.randoms(),
)
def test_slabs_cover_an_array_once_in_the_order_of_memory(array, slab_bytes, random):
    axes = list(range(array.ndim))
    random.shuffle(axes)
    array = array.transpose(axes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scratch, "SLAB_BYTES", slab_bytes)
        slabs = list(scratch.slabs(array))
        copied = scratch.converted(array, np.float64)
    seen = np.zeros(array.shape, int)
    for slab in slabs:
        seen[slab] += 1
        thickness = [part.stop - part.start for part in slab if part.start is not None]
        assert array[slab].nbytes <= max(slab_bytes, array.nbytes // array.shape[len(slab) - 1])
        assert len(thickness) == 1
    assert (seen == 1).all()
    np.testing.assert_array_equal(copied, array)
    assert copied.dtype == np.float64
    assert scratch.order_of(copied) == scratch.order_of(array)


def test_a_copy_is_of_its_own():
    array = np.arange(6, dtype=np.uint16).reshape(2, 3)
    copied = scratch.copy(array)
    copied[0] = 9
    assert array[0].tolist() == [0, 1, 2]


def full(descriptor, offset, length):
    raise OSError(errno.ENOSPC, "No space left on device")


def unsupported(descriptor, offset, length):
    raise OSError(errno.EOPNOTSUPP, "Operation not supported")


@needs_proc
def test_pages_that_are_let_go_take_no_memory_and_come_back(tmp_path):
    def in_memory():
        status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        kib = {line.split(":")[0]: int(line.split()[1]) for line in status if line.startswith("Rss")}
        return 1024 * (kib["RssFile"] + kib["RssShmem"])  # a temporary folder may be memory itself

    array = scratch.on_disk((32 * scratch.MIB,), np.uint8, folder=tmp_path)
    array[:] = 7
    before = in_memory()
    scratch.let_go(array)
    assert before - in_memory() > 24 * scratch.MIB
    assert (array == 7).all()


def test_an_ordinary_array_stays_in_memory():
    array = np.arange(5)
    scratch.let_go(array)
    np.testing.assert_array_equal(array, [0, 1, 2, 3, 4])


@pytest.mark.usefixtures("_everything_is_large")
def test_a_full_disk_is_an_error_that_says_how_much_is_needed_where(monkeypatch, tmp_path):
    monkeypatch.setenv(scratch.FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    expected = f"cannot keep 1280 bytes in a temporary file in {re.escape(str(tmp_path))}: .*No space left"
    with pytest.raises(ScratchError, match=expected):
        scratch.zeros((640,), np.uint16)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(ScratchError, match="nowhere"):
        scratch.on_disk((10,), np.uint16, folder=tmp_path / "nowhere")


@pytest.mark.parametrize("call", [None, unsupported, "as it is"], ids=["absent", "unsupported", "there"])
def test_room_is_taken_before_anything_is_written(monkeypatch, tmp_path, call):
    if call is None:
        monkeypatch.delattr(os, "posix_fallocate", raising=False)
    elif call is unsupported:
        monkeypatch.setattr(os, "posix_fallocate", call, raising=False)
    n_bytes = 3 * scratch.MIB + 5
    with scratch._reserved_file(n_bytes, folder=tmp_path) as file:
        facts = os.fstat(file.fileno())
        assert facts.st_size == n_bytes
        assert facts.st_blocks * 512 >= n_bytes


def test_the_folder_is_the_named_one_then_the_systems_for_large_files(monkeypatch, tmp_path):
    monkeypatch.setenv(scratch.FOLDER_VARIABLE, str(tmp_path / "a"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "b"))
    assert scratch.scratch_folder() == tmp_path / "a"
    monkeypatch.delenv(scratch.FOLDER_VARIABLE)
    assert scratch.scratch_folder() == tmp_path / "b"
    monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr(scratch, "LARGE_FILES", tmp_path)
    assert scratch.scratch_folder() == tmp_path
    monkeypatch.setattr(scratch, "LARGE_FILES", tmp_path / "missing")
    assert scratch.scratch_folder() == Path(tempfile.gettempdir())
