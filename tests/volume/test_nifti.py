import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from isegformer.errors import VolumeReadError
from isegformer.volume import Geometry, LabelMap, Volume, read_label_map, read_volume, write_label_map
from isegformer.volume.io import nifti

SHEARED = np.array([[1, 0.3, 0, 5], [0, 2, 0, 6], [0, 0, 3, 7], [0, 0, 0, 1.0]])
STRAIGHT = np.array([[-1, 0, 0, 50], [0, 2, 0, 6], [0, 0, 3, 9], [0, 0, 0, 1.0]])
VOXELS = np.arange(120, dtype=np.int16).reshape(4, 5, 6)


def _image(*, sform=None, sform_code=0, qform=None, qform_code=0, unit="mm"):
    image = nib.Nifti1Image(VOXELS, None)
    image.header.set_zooms((1, 2, 3))
    image.set_sform(sform, sform_code)
    if qform is not None:
        image.set_qform(qform, qform_code)
    image.header.set_xyzt_units(unit)
    return image


@pytest.mark.parametrize(
    "forms",
    [
        {"sform": STRAIGHT, "sform_code": 2, "qform": STRAIGHT, "qform_code": 1},
        {"sform": SHEARED, "sform_code": 2, "qform": STRAIGHT, "qform_code": 1},
        {"sform": np.diag([1, 2, 3, 1]), "sform_code": 4, "qform": STRAIGHT, "qform_code": 1},
        {"qform": STRAIGHT, "qform_code": 2},
        {"sform": STRAIGHT, "sform_code": 1},
        {"sform": SHEARED, "sform_code": 1},
        {},
    ],
)
def test_mask_lies_on_its_volume_in_every_program_whatever_form_it_believes(forms, tmp_path):
    nib.save(_image(**forms), tmp_path / "image.nii.gz")
    volume = read_volume(tmp_path / "image.nii.gz")
    write_label_map(LabelMap(VOXELS % 5, volume.geometry), tmp_path / "mask.nii.gz")
    image, mask = nib.load(tmp_path / "image.nii.gz"), nib.load(tmp_path / "mask.nii.gz")
    np.testing.assert_array_equal(volume.geometry.affine, image.affine)
    np.testing.assert_array_equal(mask.affine, image.affine)
    for field in (
        "sform_code",
        "qform_code",
        "srow_x",
        "srow_y",
        "srow_z",
        "quatern_b",
        "qoffset_x",
        "pixdim",
    ):
        np.testing.assert_array_equal(mask.header[field], image.header[field], err_msg=field)
    for read in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"):
        if forms.get("sform") is not SHEARED or "qform" in forms:  # ITK refuses the purely sheared one
            results = [
                getattr(sitk.ReadImage(str(tmp_path / name)), read)()
                for name in ("image.nii.gz", "mask.nii.gz")
            ]
            assert results[0] == results[1]


def test_affine_outside_nibabels_orthogonal_world_is_kept(tmp_path):
    nib.save(_image(sform=SHEARED, sform_code=1), tmp_path / "image.nii")
    np.testing.assert_allclose(read_volume(tmp_path / "image.nii").geometry.affine, SHEARED, atol=1e-6)


@pytest.mark.parametrize(("unit", "factor"), [("mm", 1), ("meter", 1000), ("micron", 0.001), ("unknown", 1)])
def test_lengths_become_mm_and_go_back_to_the_files_unit(unit, factor, tmp_path):
    nib.save(
        _image(sform=STRAIGHT, sform_code=1, qform=STRAIGHT, qform_code=1, unit=unit), tmp_path / "image.nii"
    )
    volume = read_volume(tmp_path / "image.nii")
    np.testing.assert_allclose(volume.geometry.spacing_mm, np.array([1, 2, 3]) * factor, rtol=1e-6)
    np.testing.assert_allclose(volume.geometry.origin_mm, np.array([50, 6, 9]) * factor, rtol=1e-6)
    np.testing.assert_allclose(
        sitk.ReadImage(tmp_path / "image.nii").GetSpacing(), volume.geometry.spacing_mm
    )
    write_label_map(LabelMap(VOXELS, volume.geometry), tmp_path / "mask.nii")
    assert read_label_map(tmp_path / "mask.nii").geometry == volume.geometry
    assert nib.load(tmp_path / "mask.nii").header.get_xyzt_units()[0] == unit


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "f4", "f8", ">i2", ">f4"])
def test_types_are_kept_in_native_byte_order(dtype, tmp_path):
    voxels = np.arange(24).reshape(2, 3, 4).astype(dtype)
    header = nib.Nifti1Header(endianness=">" if dtype[0] == ">" else "<")
    nib.save(nib.Nifti1Image(voxels, np.eye(4), header, dtype=voxels.dtype), tmp_path / "image.nii")
    read = read_volume(tmp_path / "image.nii").voxels
    assert read.dtype == np.dtype(dtype.lstrip(">"))
    assert read.dtype.isnative
    np.testing.assert_array_equal(read, voxels)


def test_scale_factors_are_applied(tmp_path):
    image = nib.Nifti1Image(VOXELS, np.eye(4))
    image.header.set_slope_inter(0.5, -3)
    nib.save(image, tmp_path / "image.nii")
    read = read_volume(tmp_path / "image.nii").voxels
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, nib.load(tmp_path / "image.nii").get_fdata(), rtol=1e-6)


def test_rgb_becomes_a_last_axis_and_alpha_is_dropped(tmp_path):
    colours = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 4)).astype(np.uint8)
    for channels, names in ((3, "RGB"), (4, "RGBA")):
        records = (
            np.ascontiguousarray(colours[..., :channels]).view([(n, "u1") for n in names]).reshape(2, 3, 4)
        )
        nib.save(nib.Nifti1Image(records, np.eye(4)), tmp_path / "rgb.nii")
        np.testing.assert_array_equal(read_volume(tmp_path / "rgb.nii").voxels, colours[..., :3])


def test_fourth_dimension_is_dropped_if_1_and_refused_otherwise(tmp_path):
    nib.save(nib.Nifti1Image(VOXELS[..., None], np.eye(4)), tmp_path / "one.nii")
    np.testing.assert_array_equal(read_volume(tmp_path / "one.nii").voxels, VOXELS)
    nib.save(nib.Nifti1Image(np.stack([VOXELS, VOXELS], axis=-1), np.eye(4)), tmp_path / "two.nii")
    with pytest.raises(VolumeReadError, match="4 dimensions"):
        read_volume(tmp_path / "two.nii")


def test_2d_image_is_one_slice(tmp_path):
    nib.save(nib.Nifti1Image(VOXELS[:, :, 0], np.eye(4)), tmp_path / "flat.nii")
    np.testing.assert_array_equal(read_volume(tmp_path / "flat.nii").voxels, VOXELS[:, :, :1])


def test_nan_voxels_are_kept(tmp_path):
    voxels = np.full((2, 3, 4), np.nan, np.float32)
    voxels[0, 0, 0] = 2
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), tmp_path / "nan.nii.gz")
    np.testing.assert_array_equal(read_volume(tmp_path / "nan.nii.gz").voxels, voxels)


def test_volume_stays_valid_when_its_file_is_replaced(tmp_path):
    path = tmp_path / "image.nii"
    nib.save(nib.Nifti1Image(VOXELS, np.eye(4)), path)
    volume = read_volume(path)
    path.write_bytes(b"\0" * path.stat().st_size)
    np.testing.assert_array_equal(volume.voxels, VOXELS)


def test_oddities_of_a_header_are_not_printed(tmp_path, capfd):
    nib.save(nib.Nifti1Image(VOXELS, np.eye(4)), tmp_path / "image.nii")
    data = bytearray((tmp_path / "image.nii").read_bytes())
    data[76:80] = np.float32(7).tobytes()  # pixdim[0] has to be 1 or -1
    (tmp_path / "image.nii").write_bytes(data)
    np.testing.assert_array_equal(read_volume(tmp_path / "image.nii").voxels, VOXELS)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("voxels", "dtype"),
    [
        (np.array([[[0, 255]]], np.uint8), np.int16),
        (np.array([[[-32768, 32767]]], np.int32), np.int16),
        (np.array([[[0, 32768]]], np.uint16), np.float32),
        (np.array([[[0.5, -2.25]]], np.float64), np.float32),
    ],
)
def test_voxels_for_a_viewer_are_int16_where_they_fit_and_float32_elsewhere(tmp_path, voxels, dtype):
    affine = np.array([[0, 0, 3, -5], [-1.5, 0, 0, 7], [0, 2, 0, 1], [0, 0, 0, 1]], float)
    path = tmp_path / "view.nii.gz"
    nifti.write_voxels(Volume(voxels, Geometry(voxels.shape, affine)), path)
    image = nib.load(path)
    assert image.get_data_dtype() == dtype
    np.testing.assert_array_equal(np.asarray(image.dataobj), voxels)
    np.testing.assert_allclose(image.affine, affine)


def test_colours_for_a_viewer_come_back(tmp_path):
    voxels = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)
    path = tmp_path / "view.nii.gz"
    nifti.write_voxels(Volume(voxels, Geometry((2, 3, 4), np.eye(4))), path)
    np.testing.assert_array_equal(read_volume(path).voxels, voxels)
