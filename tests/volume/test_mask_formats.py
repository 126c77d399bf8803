"""A mask written for a volume has its exact size, spacing, origin and direction, in every format."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from isegformer.errors import GeometryError, VolumeReadError, VolumeWriteError
from isegformer.volume import Geometry, LabelMap, read_label_map, read_volume, write_label_map

SUFFIXES = [".nii", ".nii.gz", ".nrrd", ".mha", ".mhd"]
LPS = np.diag([-1.0, -1.0, 1.0])


def _itk_affine(path: Path) -> np.ndarray:
    image = sitk.ReadImage(str(path))
    affine = np.eye(4)
    affine[:3, :3] = LPS @ np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = LPS @ image.GetOrigin()
    return affine


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_round_trip_over_48_axis_orders_oblique_and_sheared_grids(suffix, geometries, tmp_path):
    labels = np.arange(120, dtype=np.uint16).reshape(4, 5, 6)
    for name, geometry in geometries.items():
        path = tmp_path / f"{name}{suffix}"
        write_label_map(LabelMap(labels, geometry), path)
        back = read_label_map(path)
        np.testing.assert_array_equal(back.labels, labels)
        np.testing.assert_allclose(back.geometry.affine, geometry.affine, atol=1e-5, err_msg=name)
        if name != "sheared" or not suffix.startswith(".nii"):  # ITK reads no sheared NIfTI at all
            np.testing.assert_allclose(_itk_affine(path), geometry.affine, atol=1e-5, err_msg=name)
            assert sitk.ReadImage(str(path)).GetSize() == (4, 5, 6)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_another_library_finds_each_voxel_where_we_put_it(suffix, label_map, tmp_path):
    path = tmp_path / f"mask{suffix}"
    write_label_map(label_map, path)
    array = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    assert array.dtype == np.uint8
    np.testing.assert_array_equal(array, label_map.labels.transpose(2, 1, 0))
    assert sorted(p.name for p in tmp_path.iterdir()) == [path.name]


def test_nifti_equals_nibabels_array_and_affine(label_map, tmp_path):
    write_label_map(label_map, tmp_path / "mask.nii.gz")
    image = nib.load(tmp_path / "mask.nii.gz")
    np.testing.assert_array_equal(np.asarray(image.dataobj), label_map.labels)
    np.testing.assert_allclose(image.affine, label_map.geometry.affine, atol=1e-5)
    assert (image.header["qform_code"], image.header["sform_code"]) == (1, 1)
    assert image.header.get_xyzt_units()[0] == "mm"
    np.testing.assert_allclose(image.header.get_qform(), label_map.geometry.affine, atol=1e-3)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_labels_above_255_are_kept(suffix, tmp_path):
    labels = np.array([[[0, 255, 256, 65535]]], np.uint16)
    path = tmp_path / f"mask{suffix}"
    write_label_map(LabelMap(labels, Geometry((1, 1, 4), np.eye(4))), path)
    np.testing.assert_array_equal(read_label_map(path).labels, labels)
    assert read_volume(path).voxels.dtype == np.uint16


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_empty_mask_and_one_voxel_object_survive(suffix, tmp_path):
    labels = np.zeros((3, 1, 2), np.uint16)
    grid = Geometry((3, 1, 2), np.diag([1, 2, 3, 1]))
    for value in (0, 1):
        labels[2, 0, 1] = value
        write_label_map(LabelMap(labels, grid), tmp_path / f"mask{suffix}")
        np.testing.assert_array_equal(read_label_map(tmp_path / f"mask{suffix}").labels, labels)


def test_nrrd_keeps_label_names(label_map, tmp_path):
    write_label_map(label_map, tmp_path / "mask.nrrd")
    assert read_label_map(tmp_path / "mask.nrrd").names == {1: "liver", 3: "left kidney"}
    header = (tmp_path / "mask.nrrd").read_bytes().split(b"\n\n")[0]
    for line in (
        b"Segment0_Name:=liver",
        b"Segment0_LabelValue:=1",
        b"Segment1_ID:=Segment_3",
        b"Segment1_Layer:=0",
    ):
        assert line in header


@pytest.mark.parametrize("name", ["two\nlines", "data file: /etc/hosts", "größe := 3", "", "\n\n"])
def test_strange_label_names_do_not_damage_the_file(name, tmp_path):
    labels = np.ones((2, 3, 4), np.uint16)
    write_label_map(LabelMap(labels, Geometry((2, 3, 4), np.eye(4)), {1: name}), tmp_path / "mask.nrrd")
    back = read_label_map(tmp_path / "mask.nrrd")
    np.testing.assert_array_equal(back.labels, labels)
    assert back.names.get(1, "") == " ".join(name.split())


@pytest.mark.parametrize("name", ["mask.png", "mask", "mask.dcm", "mask.nii.bz2"])
def test_unknown_suffix_is_refused_before_anything_is_written(name, label_map, tmp_path):
    with pytest.raises(VolumeWriteError, match=r"\.nii, \.nii\.gz, \.nrrd, \.mha, \.mhd"):
        write_label_map(label_map, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_is_a_write_error(label_map, tmp_path):
    for suffix in SUFFIXES:
        with pytest.raises(VolumeWriteError, match="could not write"):
            write_label_map(label_map, tmp_path / "no" / f"mask{suffix}")


@pytest.mark.parametrize(
    ("values", "reason"),
    [([0, 1.5], "fractions"), ([0, np.nan], "NaN"), ([0, -1], "values from -1"), ([0, 70000], "70000")],
)
def test_values_that_are_no_labels_are_refused(values, reason, tmp_path):
    nib.save(nib.Nifti1Image(np.array(values, np.float32).reshape(2, 1, 1), np.eye(4)), tmp_path / "mask.nii")
    with pytest.raises(VolumeReadError, match=reason):
        read_label_map(tmp_path / "mask.nii")


def test_whole_numbers_stored_as_floats_are_labels(tmp_path):
    nib.save(nib.Nifti1Image(np.array([0, 3.0, 65535]).reshape(3, 1, 1), np.eye(4)), tmp_path / "mask.nii")
    np.testing.assert_array_equal(read_label_map(tmp_path / "mask.nii").labels.ravel(), [0, 3, 65535])


def test_rgb_is_no_label_map_and_files_with_a_grid_take_no_spacing(label_map, tmp_path):
    sitk.WriteImage(
        sitk.GetImageFromArray(np.zeros((3, 4, 5, 3), np.uint8), isVector=True), tmp_path / "rgb.nrrd"
    )
    with pytest.raises(VolumeReadError, match="RGB"):
        read_label_map(tmp_path / "rgb.nrrd")
    with pytest.raises(GeometryError, match="leave it out"):
        read_volume(tmp_path / "rgb.nrrd", spacing_mm=(1, 1, 1))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(("spacing_mm", "origin_mm"), [(0.0005, 0.01), (0.3, 512345.678), (1000.0, -3e6)])
def test_grids_far_away_very_fine_or_very_coarse_can_be_written(suffix, spacing_mm, origin_mm, tmp_path):
    affine = np.diag([spacing_mm, spacing_mm * 2, spacing_mm * 3, 1])
    affine[:3, 3] = origin_mm
    geometry = Geometry((2, 3, 4), affine)
    write_label_map(LabelMap(np.ones((2, 3, 4), np.uint16), geometry), tmp_path / f"mask{suffix}")
    back = read_label_map(tmp_path / f"mask{suffix}").geometry
    np.testing.assert_allclose(back.spacing_mm, geometry.spacing_mm, rtol=1e-6)
    np.testing.assert_allclose(back.origin_mm, geometry.origin_mm, rtol=1e-7)
