"""A mask that cannot be written leaves the old file as it was, and nothing else."""

import errno
import os
import resource
import signal

import numpy as np
import pytest

from isegformer.errors import VolumeWriteError
from isegformer.volume import Geometry, LabelMap, read_label_map, write_label_map
from isegformer.volume.io import registry

SUFFIXES = [".nii", ".nii.gz", ".nrrd", ".mha", ".mhd"]


@pytest.fixture
def noise() -> LabelMap:
    """Labels that do not compress: 93 kB in every format."""
    labels = np.random.default_rng(0).integers(0, 65536, (30, 31, 50)).astype(np.uint16)
    return LabelMap(labels, Geometry((30, 31, 50), np.diag([1, 2, 3, 1])))


def _disk_full(*args, **kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_full_disk_leaves_the_old_mask_intact(suffix, failing, *, label_map, tmp_path, monkeypatch):
    path = tmp_path / f"mask{suffix}"
    write_label_map(label_map, path)
    before = path.read_bytes()
    monkeypatch.setattr(os, failing, _disk_full)
    with pytest.raises(VolumeWriteError, match=r"No space left on device; the file that was there is intact"):
        write_label_map(LabelMap(label_map.labels + 1, label_map.geometry), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_disk_that_fills_up_within_the_writer_leaves_the_old_mask_intact(suffix, noise, label_map, tmp_path):
    path = tmp_path / f"mask{suffix}"
    write_label_map(label_map, path)
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(
            resource.RLIMIT_FSIZE, (40_000, limits[1])
        )  # writes beyond 40 kB fail in the kernel
        with pytest.raises(VolumeWriteError, match="is intact"):
            write_label_map(noise, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda mask: LabelMap(np.zeros_like(mask.labels), mask.geometry), "other labels"),
        (lambda mask: LabelMap(mask.labels, Geometry(mask.labels.shape, np.eye(4))), "another grid"),
    ],
)
def test_writer_that_loses_something_silently_is_caught(change, reason, label_map, tmp_path, monkeypatch):
    def forgetful(mask: LabelMap, path: object) -> None:
        registry.itk.write_nrrd(change(mask), path)

    formats = (registry.VolumeFormat(suffixes=(".nrrd",), read=registry.itk.read_nrrd, write=forgetful),)
    monkeypatch.setattr(registry, "FORMATS", formats)
    with pytest.raises(VolumeWriteError, match=f"reads back with {reason}"):
        write_label_map(label_map, tmp_path / "mask.nrrd")
    assert list(tmp_path.iterdir()) == []


def test_link_stays_a_link(label_map, tmp_path):
    (tmp_path / "real").mkdir()
    write_label_map(label_map, tmp_path / "real" / "mask.nrrd")
    (tmp_path / "mask.nrrd").symlink_to(tmp_path / "real" / "mask.nrrd")
    write_label_map(LabelMap(label_map.labels + 1, label_map.geometry), tmp_path / "mask.nrrd")
    assert (tmp_path / "mask.nrrd").is_symlink()
    np.testing.assert_array_equal(
        read_label_map(tmp_path / "real" / "mask.nrrd").labels, label_map.labels + 1
    )


def test_target_that_is_a_folder_is_a_write_error(label_map, tmp_path):
    (tmp_path / "mask.nrrd").mkdir()
    with pytest.raises(VolumeWriteError, match="could not write"):
        write_label_map(label_map, tmp_path / "mask.nrrd")
    assert [p.name for p in tmp_path.iterdir()] == ["mask.nrrd"]
