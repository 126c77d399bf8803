import numpy as np
import pytest
import SimpleITK as sitk

from isegformer.errors import GeometryError, VolumeReadError
from isegformer.volume import LabelMap, axis_codes, read_label_map, read_volume, write_label_map

ROWS, COLS = 5, 4


def _save(path, pixels):
    image = sitk.GetImageFromArray(np.ascontiguousarray(pixels), isVector=pixels.ndim == 3)
    sitk.WriteImage(image, str(path))


def _grey(seed=0, dtype=np.uint8):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, (ROWS, COLS)).astype(dtype)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".TIFF", ".bmp", ".jpg"])
def test_image_is_one_slice_with_columns_along_i(suffix, tmp_path):
    _save(tmp_path / "temporary.png", _grey())
    path = tmp_path / f"image{suffix}"
    _save(path if suffix != ".TIFF" else tmp_path / "x.tiff", _grey())
    if suffix == ".TIFF":
        (tmp_path / "x.tiff").rename(path)
    volume = read_volume(path)
    assert volume.voxels.shape == (COLS, ROWS, 1)
    tolerance = 40 if suffix == ".jpg" else 0
    np.testing.assert_allclose(volume.voxels[:, :, 0].astype(int), _grey().T.astype(int), atol=tolerance)
    assert axis_codes(volume.geometry.affine) == ("L", "P", "S")


def test_rgb_and_rgba_are_rgb(tmp_path):
    colours = np.random.default_rng(1).integers(0, 256, (ROWS, COLS, 4)).astype(np.uint8)
    for channels in (3, 4):
        _save(tmp_path / "image.png", colours[..., :channels])
        read = read_volume(tmp_path / "image.png").voxels
        np.testing.assert_array_equal(read[:, :, 0], colours[..., :3].swapaxes(0, 1))


def test_16_bits_are_kept(tmp_path):
    _save(tmp_path / "image.png", _grey(dtype=np.uint16))
    np.testing.assert_array_equal(
        read_label_map(tmp_path / "image.png").labels[:, :, 0], _grey(dtype=np.uint16).T
    )


def test_stack_is_in_numeric_order_with_the_given_spacing(tmp_path):
    for number in (1, 2, 9, 10, 11, 3, 4, 5, 6, 7, 8):
        _save(tmp_path / f"knee2_slice{number}.png", np.full((ROWS, COLS), number, np.uint8))
    (tmp_path / "notes.txt").write_text("x")
    volume = read_volume(tmp_path, spacing_mm=(0.5, 0.7, 3.0))
    np.testing.assert_array_equal(volume.voxels[0, 0], range(1, 12))
    assert volume.geometry.spacing_mm == (0.5, 0.7, 3.0)
    assert volume.voxels.shape == (COLS, ROWS, 11)


def test_mask_of_a_stack_has_the_grid_that_itk_gives_the_stack(tmp_path):
    names = [tmp_path / f"{number:03d}.tif" for number in (10, 12, 14)]
    for seed, name in enumerate(names):
        _save(name, _grey(seed))
    source = sitk.ReadImage([str(name) for name in names])
    source.SetSpacing((0.5, 0.7, 3.0))
    source.SetOrigin((0, 0, 0))
    volume = read_volume(tmp_path, spacing_mm=(0.5, 0.7, 3.0))
    write_label_map(LabelMap(volume.voxels, volume.geometry), tmp_path / "mask.nrrd")
    mask = sitk.ReadImage(tmp_path / "mask.nrrd")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(mask), sitk.GetArrayFromImage(source))
    for read in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"):
        assert getattr(mask, read)() == getattr(source, read)()


def test_stack_without_spacing_is_refused_and_says_what_to_pass(tmp_path):
    _save(tmp_path / "1.png", _grey())
    with pytest.raises(VolumeReadError, match=r"pass spacing_mm.*for commands --spacing"):
        read_volume(tmp_path)


@pytest.mark.parametrize("spacing_mm", [(1, 1, 0), (1, -1, 1), (1, 1, np.nan), (1, 1)])
def test_impossible_spacing_is_refused(spacing_mm, tmp_path):
    _save(tmp_path / "1.png", _grey())
    for path in (tmp_path, tmp_path / "1.png"):
        with pytest.raises(GeometryError, match="above 0"):
            read_volume(path, spacing_mm=spacing_mm)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["a1.png", "a2.png", "a4.png"], "after image 2 comes 4, expected 3"),
        (["a1.png", "a01.png"], "occurs twice"),
        (["a1.png", "b2.png"], "kinds of image names"),
        (["a1.png", "a2.tif"], "kinds of image names"),
        (["a1.png", "cover.png"], "cover.png has no number"),
    ],
)
def test_images_that_form_no_stack_are_refused(names, reason, tmp_path):
    for name in names:
        _save(tmp_path / name, _grey())
    with pytest.raises(VolumeReadError, match=reason):
        read_volume(tmp_path, spacing_mm=(1, 1, 1))


def test_images_of_two_sizes_are_refused(tmp_path):
    _save(tmp_path / "1.png", _grey())
    _save(tmp_path / "2.png", _grey()[:3])
    with pytest.raises(VolumeReadError, match="one size and type"):
        read_volume(tmp_path, spacing_mm=(1, 1, 1))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".bmp"])
@pytest.mark.parametrize("kept", [0, 3, 0.5, 0.9])
def test_truncated_image_is_refused(suffix, kept, tmp_path):
    path = tmp_path / f"image{suffix}"
    _save(path, np.random.default_rng(0).integers(0, 256, (60, 70)).astype(np.uint8))
    data = path.read_bytes()
    path.write_bytes(data[: int(kept if kept >= 1 else kept * len(data))])
    with pytest.raises(VolumeReadError, match=r"cannot be read|is empty"):
        read_volume(path)


def test_picture_that_is_really_a_header_is_not_followed(tmp_path):
    (tmp_path / "data.raw").write_bytes(bytes(60))
    header = "ObjectType = Image\nNDims = 3\nDimSize = 3 4 5\nElementType = MET_UCHAR\n"
    header += "ElementDataFile = data.raw\n"
    (tmp_path / "image.png").write_text(header)
    with pytest.raises(VolumeReadError, match="cannot be read"):
        read_volume(tmp_path / "image.png")
