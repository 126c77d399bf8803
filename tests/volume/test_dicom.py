import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.uid import generate_uid

from isegformer.errors import GeometryError, VolumeReadError
from isegformer.volume import LabelMap, list_dicom_series, read_dicom_series, read_volume, write_label_map

C, S = np.cos(0.4), np.sin(0.4)
ORIENTATIONS = {
    "axial": (1, 0, 0, 0, 1, 0),
    "normal_down": (1, 0, 0, 0, -1, 0),
    "sagittal": (0, 1, 0, 0, 0, -1),
    "sagittal_reversed": (0, -1, 0, 0, 0, -1),
    "coronal": (1, 0, 0, 0, 0, -1),
    "oblique": (C, S, 0, 0, 0, -1),
    "double_oblique": (C, S, 0, -S * C, C * C, S),
}


@pytest.mark.parametrize("orientation", ORIENTATIONS.values(), ids=ORIENTATIONS)
def test_slices_are_sorted_by_position_whatever_the_files_are_called(orientation, write_series, tmp_path):
    expected = write_series(tmp_path, orientation=orientation)
    volume = read_volume(tmp_path)
    assert volume.voxels.dtype == np.int16
    np.testing.assert_array_equal(volume.voxels, expected)
    np.testing.assert_allclose(volume.geometry.spacing_mm, (0.6, 0.8, 2.5), atol=1e-6)
    np.testing.assert_allclose(volume.geometry.origin_mm, (10.5, -20.25, 30), atol=1e-6)  # RAS
    lps = np.diag([-1, -1, 1]) @ volume.geometry.direction
    expected_lps = np.transpose(
        [orientation[:3], orientation[3:], np.cross(orientation[:3], orientation[3:])]
    )
    np.testing.assert_allclose(lps, expected_lps, atol=1e-6)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("orientation", ORIENTATIONS.values(), ids=ORIENTATIONS)
def test_mask_has_the_grid_that_itk_reads_from_the_series(orientation, suffix, write_series, tmp_path):
    folder = tmp_path / "series"
    write_series(folder, orientation=orientation)
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    source = sitk.ReadImage(names)
    volume = read_volume(folder)
    write_label_map(
        LabelMap((volume.voxels > 0).astype(np.uint8), volume.geometry), tmp_path / f"mask{suffix}"
    )
    mask = sitk.ReadImage(tmp_path / f"mask{suffix}")
    assert mask.GetSize() == source.GetSize()
    np.testing.assert_allclose(mask.GetSpacing(), source.GetSpacing(), atol=1e-5)
    np.testing.assert_allclose(mask.GetOrigin(), source.GetOrigin(), atol=1e-5)
    np.testing.assert_allclose(mask.GetDirection(), source.GetDirection(), atol=1e-5)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(mask), sitk.GetArrayFromImage(source) > 0)


def test_tilted_gantry_gives_a_sheared_grid(write_series, tmp_path):
    positions = [(0, 0.3 * k, 2.0 * k) for k in range(5)]
    voxels = write_series(tmp_path, positions=positions)
    volume = read_volume(tmp_path)
    np.testing.assert_array_equal(volume.voxels, voxels)
    np.testing.assert_allclose(volume.geometry.voxel_to_world([[0, 0, 4]]), [[0, -1.2, 8]], atol=1e-9)


@pytest.mark.parametrize(
    ("slope", "intercept", "dtype"),
    [
        (1, 0, np.int16),
        (1, -1024, np.int16),
        (2, 40000, np.float32),
        (3, 1000, np.int16),
        (0.5, 3, np.float32),
    ],
)
def test_rescale_is_applied(slope, intercept, dtype, write_series, tmp_path):
    stored = write_series(tmp_path, RescaleSlope=slope, RescaleIntercept=intercept)
    voxels = read_volume(tmp_path).voxels
    assert voxels.dtype == dtype
    np.testing.assert_allclose(voxels, stored * float(slope) + intercept)


def test_run_length_slices_are_decoded_and_rescaled_once(write_series, tmp_path):
    stored = write_series(tmp_path, RescaleSlope=2, RescaleIntercept=-10)
    for path in tmp_path.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.compress(pydicom.uid.RLELossless)
        dataset.save_as(path)
    np.testing.assert_array_equal(read_volume(tmp_path).voxels, stored * 2 - 10)


@pytest.mark.parametrize("compressor", ["JPEG2000", "JPEG"])
@pytest.mark.parametrize(
    "modality", ["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"], ids=["CT", "MR"]
)
def test_compressed_slice_is_decoded_and_rescaled_once(compressor, modality, tmp_path):
    stored = np.random.default_rng(0).integers(-500, 2000, (1, 40, 50)).astype(np.int16)
    writer = sitk.ImageFileWriter()
    writer.SetImageIO("GDCMImageIO")
    writer.SetFileName(tmp_path / "slice.dcm")
    writer.UseCompressionOn()
    writer.SetCompressor(compressor)
    writer.Execute(sitk.GetImageFromArray(stored))
    dataset = pydicom.dcmread(tmp_path / "slice.dcm")
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.SOPClassUID = 2, -10, modality
    dataset.save_as(tmp_path / "slice.dcm")
    np.testing.assert_array_equal(read_volume(tmp_path / "slice.dcm").voxels[:, :, 0], stored[0].T * 2 - 10)


def test_missing_slice_is_refused_with_its_position(write_series, tmp_path):
    positions = [(0, 0, 2.5 * k) for k in (0, 1, 2, 4, 5)]
    write_series(tmp_path, positions=positions)
    with pytest.raises(VolumeReadError, match=r"1 slice is missing, first at 7\.500 mm"):
        read_volume(tmp_path)


def test_unevenly_spaced_slices_are_refused(write_series, tmp_path):
    write_series(tmp_path, positions=[(0, 0, z) for z in (0, 2.5, 5, 8, 10.5)])
    with pytest.raises(VolumeReadError, match="do not lie evenly"):
        read_volume(tmp_path)


def test_slice_beside_the_others_is_refused(write_series, tmp_path):
    write_series(tmp_path, positions=[(0, 0, 0), (0, 0, 2), (9, 0, 4), (0, 0, 6)])
    with pytest.raises(VolumeReadError, match="beside its even place"):
        read_volume(tmp_path)


def test_rounded_positions_are_accepted(write_series, tmp_path):
    write_series(tmp_path, positions=[(0, 0, z) for z in (0, 0.63, 1.25, 1.87, 2.5)])
    assert read_volume(tmp_path).geometry.spacing_mm[2] == pytest.approx(0.625)


def test_two_slices_at_one_position_are_refused(write_series, tmp_path):
    write_series(tmp_path, positions=[(0, 0, 0), (0, 0, 2), (0, 0, 2), (0, 0, 4)])
    with pytest.raises(VolumeReadError, match=r"IM00\d.*IM00\d.*same position, 2\.000 mm"):
        read_volume(tmp_path)


def test_two_series_are_listed_and_one_can_be_chosen(write_series, tmp_path):
    first, second = "1.2.3.4", "1.2.3.5"
    expected = write_series(tmp_path, uid=first, count=4, SeriesDescription="T1")
    write_series(tmp_path, uid=second, count=6)
    with pytest.raises(
        VolumeReadError, match=r"2 DICOM series.*1\.2\.3\.4 \(4 files, 'T1'\).*1\.2\.3\.5 \(6 files"
    ):
        read_volume(tmp_path)
    np.testing.assert_array_equal(read_dicom_series(tmp_path, series_uid=first).voxels, expected)
    assert [(s.uid, s.file_count) for s in list_dicom_series(tmp_path)] == [(first, 4), (second, 6)]
    with pytest.raises(VolumeReadError, match=r"expected 9\.9"):
        read_dicom_series(tmp_path, series_uid="9.9")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, "one orientation"),
        ({"PixelSpacing": [0.9, 0.6]}, "pixel spacing"),
        ({"ImagePositionPatient": None}, "no position"),
        ({"ImageOrientationPatient": [1, 0, 0, 0]}, "expected 6"),
        ({"NumberOfFrames": 2}, "2 frames"),
    ],
)
def test_slices_that_form_no_grid_are_refused(change, reason, write_series, tmp_path):
    write_series(tmp_path)
    path = sorted(tmp_path.iterdir())[2]
    dataset = pydicom.dcmread(path)
    for keyword, value in change.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path)
    with pytest.raises(VolumeReadError, match=reason):
        read_volume(tmp_path)


def test_slices_of_two_sizes_are_refused(write_series, tmp_path):
    write_series(tmp_path)
    path = sorted(tmp_path.iterdir())[0]
    dataset = pydicom.dcmread(path)
    dataset.Rows, dataset.PixelData = 2, dataset.PixelData[: 2 * 4 * 2]
    dataset.save_as(path)
    with pytest.raises(VolumeReadError, match="one size"):
        read_volume(tmp_path)


def test_other_files_in_the_folder_do_not_matter(write_series, tmp_path):
    expected = write_series(tmp_path)
    (tmp_path / "README.txt").write_text("notes")
    (tmp_path / ".hidden.dcm").write_bytes(b"junk")
    report = pydicom.dcmread(next(iter(sorted(tmp_path.glob("IM*")))))
    for keyword in ("Rows", "Columns", "PixelData"):
        delattr(report, keyword)
    report.SeriesInstanceUID = generate_uid()
    report.save_as(tmp_path / "report.dcm")
    np.testing.assert_array_equal(read_volume(tmp_path).voxels, expected)
    with pytest.raises(VolumeReadError, match="without an image"):
        read_volume(tmp_path / "report.dcm")


@pytest.mark.parametrize("kind", ["1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"])
def test_segmentations_in_the_folder_do_not_matter(write_series, tmp_path, kind):
    expected = write_series(tmp_path)
    mask = pydicom.dcmread(next(iter(sorted(tmp_path.glob("IM*")))))
    mask.SOPClassUID = mask.file_meta.MediaStorageSOPClassUID = kind
    mask.SeriesInstanceUID = generate_uid()
    mask.save_as(tmp_path / "mask.dcm")
    np.testing.assert_array_equal(read_volume(tmp_path).voxels, expected)


def test_truncated_slice_and_junk_are_named(write_series, tmp_path):
    write_series(tmp_path)
    path = sorted(tmp_path.iterdir())[1]
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with pytest.raises(VolumeReadError, match=path.name):
        read_volume(tmp_path)
    path.write_bytes(b"not dicom at all" * 20)
    with pytest.raises(VolumeReadError, match=path.name):
        read_volume(tmp_path)


def test_single_image_is_one_slice_and_takes_its_thickness(write_series, tmp_path):
    expected = write_series(tmp_path, count=1)
    path = next(tmp_path.iterdir())
    volume = read_volume(path)
    np.testing.assert_array_equal(volume.voxels, expected)
    assert volume.geometry.spacing_mm == pytest.approx((0.6, 0.8, 2.0))
    assert read_volume(tmp_path).sha256 == volume.sha256
    nameless = path.rename(tmp_path / "IM0")
    assert read_volume(nameless).sha256 == volume.sha256
    with pytest.raises(GeometryError, match="its own spacing"):
        read_volume(tmp_path, spacing_mm=(1, 1, 1))


def test_single_image_without_a_place_lies_at_the_origin(write_series, tmp_path):
    write_series(tmp_path, count=1)
    path = next(tmp_path.iterdir())
    dataset = pydicom.dcmread(path)
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
        delattr(dataset, keyword)
    dataset.save_as(path)
    geometry = read_volume(path).geometry
    assert geometry.spacing_mm == (1.0, 1.0, 1.0)
    assert geometry.origin_mm == (0.0, 0.0, 0.0)


def test_pixel_spacing_of_zero_is_a_read_error_that_names_the_series(write_series, tmp_path):
    write_series(tmp_path)
    for path in tmp_path.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.PixelSpacing = [0, 0]
        dataset.save_as(path)
    with pytest.raises(VolumeReadError, match=r"not one volume.*affine"):
        read_volume(tmp_path)


def test_colour_image_is_rgb(write_series, tmp_path):
    write_series(tmp_path, count=1)
    path = next(tmp_path.iterdir())
    colours = np.random.default_rng(0).integers(0, 256, (3, 4, 3)).astype(np.uint8)
    dataset = pydicom.dcmread(path)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.PixelData = colours.tobytes()
    dataset.save_as(path)
    np.testing.assert_array_equal(read_volume(path).voxels[:, :, 0], colours.swapaxes(0, 1))


def test_grey_and_colour_slices_do_not_mix(write_series, tmp_path):
    write_series(tmp_path)
    path = sorted(tmp_path.iterdir())[0]
    dataset = pydicom.dcmread(path)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.PixelData = bytes(3 * 4 * 3)
    dataset.save_as(path)
    with pytest.raises(VolumeReadError, match="mixes grey and colour"):
        read_volume(tmp_path)


def test_slices_with_different_rescaling_become_float32(write_series, tmp_path):
    stored = write_series(tmp_path)
    expected = stored.astype(float)
    for path in tmp_path.iterdir():
        dataset = pydicom.dcmread(path)
        k = round((float(dataset.ImagePositionPatient[2]) - 30) / 2.5)
        dataset.RescaleSlope, dataset.RescaleIntercept = 0.5 + k, k
        dataset.save_as(path)
        expected[:, :, k] = stored[:, :, k] * (0.5 + k) + k
    voxels = read_volume(tmp_path).voxels
    assert voxels.dtype == np.float32
    np.testing.assert_allclose(voxels, expected)


def test_empty_folder_has_no_series(tmp_path):
    assert list_dicom_series(tmp_path) == ()
    with pytest.raises(VolumeReadError, match="expected one"):
        read_dicom_series(tmp_path)


def test_claim_of_more_pixels_than_the_file_can_hold_is_refused(write_series, tmp_path):
    write_series(tmp_path, count=1, Rows=40000, Columns=40000)
    with pytest.raises(VolumeReadError, match="truncated"):
        read_volume(tmp_path)
