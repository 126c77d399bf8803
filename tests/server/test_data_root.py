import os

import numpy as np
import pytest
from server_fakes import write_scan

from isegformer.errors import NotFoundError
from isegformer.server.data_root import DataRoot, folder_kind, scan_id


def names(root):
    return [scan.name for scan in DataRoot(root).scans()]


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def test_files_that_carry_their_grid_are_scans(root):
    for name in (
        "b.nii.gz",
        "sub/a.nii",
        "c.mha",
        "d.NRRD",
        "e.txt",
        ".hidden.nii",
        ".isegformer/x.nii",
        "p.png",
    ):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(b"12345")
    scans = DataRoot(root).scans()
    assert [(scan.name, scan.kind) for scan in scans] == [
        ("b.nii.gz", "nifti"),
        ("c.mha", "meta"),
        ("d.NRRD", "nrrd"),
        ("sub/a.nii", "nifti"),
    ]
    assert scans[0].size_bytes == 5


def test_a_folder_of_dicom_files_or_of_pictures_is_one_scan(root):
    for folder, suffix in (("mr", ".dcm"), ("stack", ".png")):
        (root / folder).mkdir()
        for number in range(3):
            (root / folder / f"{number}{suffix}").write_bytes(b"123")
    scans = DataRoot(root).scans()
    assert [(scan.name, scan.kind, scan.size_bytes) for scan in scans] == [
        ("mr", "dicom", 9),
        ("stack", "stack", 9),
    ]


def put_zarr(folder, marker=".zgroup"):
    (folder / "0" / "1").mkdir(parents=True)
    for name in (marker, "0/.zarray", "0/1/1", "0/a.nii"):
        (folder / name).write_bytes(b"123")
    (folder / ".zattrs").write_bytes(b'{"multiscales":[1]}')
    return folder


def test_a_zarr_folder_is_one_scan_with_all_that_is_below_it(root):
    put_zarr(root / "a.ome.zarr")
    put_zarr(root / "sub" / "b", "zarr.json")
    put_zarr(root / "c.nii.zarr", "empty")
    scans = DataRoot(root).scans()
    assert [(scan.name, scan.kind, scan.size_bytes) for scan in scans] == [
        ("a.ome.zarr", "zarr", 31),
        ("c.nii.zarr", "zarr", 31),
        ("sub/b", "zarr", 31),
    ]
    assert [DataRoot(root).scan(scan.id) for scan in scans] == list(scans)
    assert DataRoot(root).scan_at(root / "sub" / "b") == scans[2]
    assert names(root / "sub" / "b") == []


def put_group(folder):
    """Write a Zarr group that holds arrays, but no image."""
    for name in ("image", "sub/label"):
        (folder / name).mkdir(parents=True)
        (folder / name / ".zarray").write_bytes(b"{}")
    for name in (".", "sub"):
        (folder / name / ".zgroup").write_bytes(b'{"zarr_format": 2}')
    return folder


def test_a_zarr_group_without_an_image_is_a_folder_of_its_arrays(root):
    put_group(root / "case.zarr")
    assert names(root) == ["case.zarr/image", "case.zarr/sub/label"]
    assert names(root / "case.zarr") == ["image", "sub/label"]
    with pytest.raises(NotFoundError):
        DataRoot(root).scan_at(root / "case.zarr")
    assert folder_kind(root / "case.zarr") is None
    assert folder_kind(root / "case.zarr" / "image") == "zarr"


@pytest.mark.parametrize(
    ("files", "is_scan"),
    [
        (["a1.png", "a2.png"], True),
        (["a1.png", "a2.png", "a5.png"], True),  # an image is missing: whoever opens it is told
        (["a.png", "b.png"], False),
        (["a1.png", "b1.png"], False),
        (["a1.png", "a2.jpg"], False),
        (["a1.png"], False),
    ],
)
def test_pictures_are_a_scan_if_they_are_numbered_as_one_stack(root, files, is_scan):
    (root / "pictures").mkdir()
    for name in files:
        (root / "pictures" / name).write_bytes(b"123")
    assert names(root) == (["pictures"] if is_scan else [])


def test_a_zarr_folder_whose_chunks_change_gets_another_stamp(root):
    data_root = DataRoot(root)
    chunk = put_zarr(root / "a.zarr") / "0" / "1" / "1"
    (before,) = data_root.scans()
    chunk.write_bytes(b"1234")
    assert data_root.scan(before.id).stamp != before.stamp


def test_a_zarr_folder_with_links_out_of_the_root_is_not_there(root, tmp_path):
    outside = write_scan(tmp_path / "outside" / "secret.nii")
    (put_zarr(root / "a.zarr") / "0" / "1" / "2").symlink_to(outside)
    (root / "b.zarr").symlink_to(put_zarr(tmp_path / "b.zarr"), target_is_directory=True)
    assert names(root) == []
    with pytest.raises(NotFoundError):
        DataRoot(root).scan_at(root / "a.zarr")
    with pytest.raises(NotFoundError):
        DataRoot(root).scan_at(root / "b.zarr")


def test_an_id_is_the_start_of_the_hash_of_the_path_below_the_root(root):
    write_scan(root / "sub" / "a.nii")
    (scan,) = DataRoot(root).scans()
    assert scan.id == scan_id("sub/a.nii") == "4d0940a40f0bca6c"
    assert DataRoot(root).scan(scan.id) == scan


@pytest.mark.parametrize("wanted", ["", "..", "../a.nii", "/etc/passwd", "a.nii", "0" * 16, "x" * 10_000])
def test_what_is_no_id_is_not_found(root, wanted):
    write_scan(root / "a.nii")
    with pytest.raises(NotFoundError):
        DataRoot(root).scan(wanted)


def test_links_out_of_the_root_are_not_there(root, tmp_path):
    outside = write_scan(tmp_path / "outside" / "secret.nii")
    inside = write_scan(root / "inside.nii")
    (root / "file.nii").symlink_to(outside)
    (root / "folder").symlink_to(outside.parent, target_is_directory=True)
    (root / "dangling.nii").symlink_to(tmp_path / "nothing.nii")
    (root / "fine.nii").symlink_to(inside)
    (root / "series").mkdir()
    (root / "series" / "1.dcm").write_bytes(b"1")
    (root / "series" / "2.dcm").symlink_to(outside)
    assert names(root) == ["fine.nii", "inside.nii"]


def test_a_file_that_becomes_a_link_out_of_the_root_is_found_no_more(root, tmp_path):
    outside = write_scan(tmp_path / "outside" / "secret.nii")
    path = write_scan(root / "a.nii")
    data_root = DataRoot(root)
    (scan,) = data_root.scans()
    data_root.scan(scan.id)
    path.unlink()
    path.symlink_to(outside)
    with pytest.raises(NotFoundError):
        data_root.scan(scan.id)


def test_pipes_are_no_scans(root):
    os.mkfifo(root / "pipe.nii")
    assert names(root) == []


def test_a_scan_that_changes_gets_another_stamp(root):
    path = write_scan(root / "a.nii")
    data_root = DataRoot(root)
    (before,) = data_root.scans()
    write_scan(path, voxels=np.zeros((3, 4, 5), np.int16))
    after = data_root.scan(before.id)
    assert after.id == before.id
    assert after.stamp != before.stamp


def test_the_scan_at_a_path_must_lie_in_the_root(root, tmp_path):
    path = write_scan(root / "a.nii")
    assert DataRoot(root).scan_at(path).name == "a.nii"
    with pytest.raises(NotFoundError):
        DataRoot(root).scan_at(write_scan(tmp_path / "b.nii"))
