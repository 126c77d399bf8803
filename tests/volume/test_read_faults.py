"""Damaged, hostile and missing input: one clear error, nothing allocated, nothing followed."""

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isegformer.errors import VolumeReadError
from isegformer.volume import Geometry, LabelMap, Volume, read_volume, write_label_map

SUFFIXES = [".nii", ".nii.gz", ".nrrd", ".mha", ".mhd"]
META = "ObjectType = Image\nNDims = 3\nDimSize = {size}\nElementType = MET_UCHAR\n"
NRRD = "NRRD0004\ntype: uint8\ndimension: 3\nsizes: {size}\nencoding: raw\n"


@pytest.fixture
def noise(geometries) -> LabelMap:
    labels = np.random.default_rng(0).integers(0, 65536, (4, 5, 6)).astype(np.uint16)
    return LabelMap(labels, geometries["oblique3"])


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kept", [0, 1, 20, 0.5, 0.9, 0.98])
def test_truncated_file_is_refused(suffix, kept, noise, tmp_path, capfd):
    path = tmp_path / f"image{suffix}"
    write_label_map(noise, path)
    data = path.read_bytes()
    path.write_bytes(data[: int(kept if kept >= 1 else kept * len(data))])
    with pytest.raises(VolumeReadError, match=str(path)):
        read_volume(path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".nhdr", ".png", ".jpg", ".tif", ".bmp", ".dcm"])
@pytest.mark.parametrize(
    "content", [b"", b"hello world\n" * 50, b"\x89PNG\r\n\x1a\n", gzip.compress(b"x" * 999)]
)
def test_file_that_is_no_volume_is_refused(suffix, content, tmp_path):
    path = tmp_path / f"image{suffix}"
    path.write_bytes(content)
    with pytest.raises(VolumeReadError, match="image"):
        read_volume(path)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha", ".png", ".dcm"])
def test_an_empty_file_is_called_so(suffix, tmp_path):
    (tmp_path / f"a{suffix}").touch()
    with pytest.raises(VolumeReadError, match="is empty, expected a volume file; copy or export it again"):
        read_volume(tmp_path / f"a{suffix}")


def test_names_that_say_another_form_than_the_content_are_told(noise, tmp_path):
    for suffix in (".nii", ".nii.gz"):
        write_label_map(noise, tmp_path / f"a{suffix}")
    plain, compressed = tmp_path / "plain.nii.gz", tmp_path / "compressed.nii"
    (tmp_path / "a.nii").rename(plain)
    compressed.write_bytes((tmp_path / "a.nii.gz").read_bytes())
    early = tmp_path / "early.nii.gz"
    write_label_map(LabelMap(np.ones((40, 30, 10), np.uint16), Geometry((40, 30, 10), np.eye(4))), early)
    early.write_bytes(early.read_bytes()[:-20])
    picture = tmp_path / "picture.png"
    sitk.WriteImage(sitk.Image(4, 5, sitk.sitkUInt8), tmp_path / "picture.jpg")
    (tmp_path / "picture.jpg").rename(picture)
    for path, advice in (
        (plain, r"end its name in \.nii$"),
        (compressed, r"end its name in \.nii\.gz$"),
        (early, "ends too early; copy or export it again"),
        (picture, r"is a JPEG, .* end its name in \.jpeg$"),
    ):
        with pytest.raises(VolumeReadError, match=advice):
            read_volume(path)


def test_missing_path_unknown_suffix_and_empty_folder_are_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "loop.nii").symlink_to(tmp_path / "loop.nii")
    for name, reason in (
        ("none.nii", "does not exist"),
        ("notes.txt", "no known kind"),
        ("empty", "holds 0 files"),
        ("loop.nii", r"loop\.nii"),
        ("x" * 300, "opened|exist"),
        ("nul\0.nii", "opened|exist"),
    ):
        with pytest.raises(VolumeReadError, match=reason):
            read_volume(tmp_path / name)


def _huge_nifti(path: Path) -> None:
    header = nib.Nifti1Header()
    header.set_data_shape((30000, 30000, 30000))
    header["pixdim"][:4], header["vox_offset"], header["magic"] = 1, 352, b"n+1"
    data = header.binaryblock + bytes(100)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_claim_of_more_voxels_than_the_limit_is_refused_before_allocation(suffix, tmp_path):
    path = tmp_path / f"image{suffix}"
    if suffix.startswith(".nii"):
        _huge_nifti(path)
    elif suffix == ".nrrd":
        path.write_text(NRRD.format(size="1000000 1000000 1000000") + "\n")
    else:
        path.write_text(META.format(size="1000000 1000000 1000000") + "ElementDataFile = LOCAL\n")
    with pytest.raises(VolumeReadError, match="expected at most 2147483648"):
        read_volume(path)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_claim_that_the_file_cannot_hold_is_refused_before_allocation(suffix, tmp_path):
    path = tmp_path / f"image{suffix}"
    start = NRRD if suffix == ".nrrd" else META
    path.write_text(
        start.format(size="1000 1000 1000") + ("\n" if suffix == ".nrrd" else "ElementDataFile = LOCAL\n")
    )
    with pytest.raises(VolumeReadError, match="truncated"):
        read_volume(path)


@pytest.fixture
def secret(tmp_path) -> Path:
    path = tmp_path / "secret.bin"
    path.write_bytes(b"s" * 1000)
    (tmp_path / "in").mkdir()
    return path


@pytest.mark.parametrize(
    "name", ["{secret}", "../secret.bin", "./../secret.bin", "sub/../../secret.bin", "..\\x", "-"]
)
@pytest.mark.parametrize(
    ("suffix", "line"),
    [
        (".nrrd", "data file: {}\n"),
        (".nhdr", "data file: {}\n"),
        (".nrrd", "DATAFILE:{}\n"),
        (".nrrd", "Data File: {}\r\n"),
        (".nhdr", "data file: LIST\n{}\n{}\n"),
        (".mhd", "ElementDataFile = {}\n"),
        (".mha", "ElementDataFile = {}\n"),
        (".mhd", "ElementDataFile = LIST\n{}\n{}\n"),
        (".mha", "ElementDataFile={}"),
        (".mha", "elementdatafile = LOCAL\nElementDataFile : {}\n"),
        (".mha", "Comment : ElementDataFile = LOCAL\nElementDataFile = {}\n"),
        (".mha", "Comment\nElementDataFile = {}\n"),
        (".mha", " ElementDataFile = {}\n"),
        (".mha", "ElementDataFileX = {}\nElementDataFile : {}\n"),
    ],
)
def test_header_that_names_a_file_elsewhere_is_refused(suffix, line, name, secret, tmp_path):
    path = tmp_path / "in" / f"image{suffix}"
    start = META if suffix.startswith(".mh") else NRRD
    text = start.format(size="3 4 5") + line.format(*[name.format(secret=secret)] * 2)
    path.write_bytes(text.encode())
    with pytest.raises(VolumeReadError, match="expected"):
        read_volume(path)


@pytest.mark.parametrize(
    "pattern", ["../secret%d.bin 1 5 1", "/a%d 1 2 1", "%s%d 1 2 1", "a%n 1 2 1", "a%d", "%99999d 1 2 1"]
)
@pytest.mark.parametrize("suffix", [".mhd", ".nhdr"])
def test_hostile_name_pattern_is_refused(pattern, suffix, tmp_path):
    text = (META + "ElementDataFile = {name}\n") if suffix == ".mhd" else (NRRD + "data file: {name}\n")
    (tmp_path / f"image{suffix}").write_text(text.format(size="3 4 5", name=pattern))
    with pytest.raises(VolumeReadError, match="expected"):
        read_volume(tmp_path / f"image{suffix}")


@pytest.mark.parametrize(
    ("suffix", "line"),
    [
        (".mhd", "ElementDataFile = part0.raw\n"),
        (".mhd", "ElementDataFile = LIST\npart0.raw\npart1.raw\n"),
        (".mhd", "ElementDataFile = part%d.raw 0 1 1\n"),
        (".nhdr", "data file: ./part0.raw\n"),
        (".nhdr", "data file: LIST\npart1.raw\npart0.raw\n"),
        (".nhdr", "data file: part%d.raw 0 1 1\n"),
    ],
)
def test_data_file_that_is_a_link_to_a_file_elsewhere_is_refused(suffix, line, secret, tmp_path):
    folder = tmp_path / "in"
    (folder / "part0.raw").symlink_to(secret)
    (folder / "part1.raw").write_bytes(bytes(60))
    start = META if suffix == ".mhd" else NRRD
    (folder / f"image{suffix}").write_text(start.format(size="3 4 2") + line)
    with pytest.raises(VolumeReadError, match=r"part0\.raw', a link to a file elsewhere, expected"):
        read_volume(folder / f"image{suffix}")


def test_data_file_that_is_a_link_within_the_folder_is_read(tmp_path):
    (tmp_path / "data.raw").write_bytes(bytes([7]) * 60)
    (tmp_path / "link.raw").symlink_to("data.raw")
    (tmp_path / "image.mhd").write_text(META.format(size="3 4 5") + "ElementDataFile = link.raw\n")
    (tmp_path / "door").symlink_to(tmp_path)
    assert (read_volume(tmp_path / "door" / "image.mhd").voxels == 7).all()


@pytest.mark.parametrize("value", ["LISTED.raw", "LIST%d 1 2 1", "LIST x"])
@pytest.mark.parametrize("suffix", [".mhd", ".nhdr"])
def test_a_data_file_whose_name_a_reader_may_take_for_a_list_is_refused(value, suffix, secret, tmp_path):
    (tmp_path / "in" / "LISTED.raw").write_bytes(bytes(60))
    text = (META + "ElementDataFile = {}\n") if suffix == ".mhd" else (NRRD + "data file: {}\n")
    path = tmp_path / "in" / f"image{suffix}"
    path.write_text((text.replace("{}", value) + f"{secret}\n" * 5).format(size="3 4 5"))
    with pytest.raises(VolumeReadError, match="expected"):
        read_volume(path)


def test_data_files_beside_the_header_are_read(tmp_path):
    voxels = np.arange(60, dtype=np.uint8)
    (tmp_path / "data.raw").write_bytes(voxels.tobytes())
    for part in range(5):
        (tmp_path / f"part{part:02d}.raw").write_bytes(voxels[part * 12 : part * 12 + 12].tobytes())
    listing = "".join(f"part{part:02d}.raw\n" for part in range(5))
    for suffix, line in (
        (".mhd", "ElementDataFile = data.raw\n"),
        (".mhd", "ElementDataFile = LIST\n" + listing),
        (".mhd", "ElementDataFile = part%02d.raw 0 4 1\n"),
        (".nhdr", "data file: data.raw\n"),
        (".nhdr", "data file: ./data.raw\n"),
        (".nhdr", "data file: LIST\n" + listing),
        (".nhdr", "data file: part%02d.raw 0 4 1\n"),
    ):
        text = (META if suffix == ".mhd" else NRRD).format(size="3 4 5") + line
        (tmp_path / f"image{suffix}").write_text(text)
        read = read_volume(tmp_path / f"image{suffix}").voxels
        np.testing.assert_array_equal(read, voxels.reshape(5, 4, 3).transpose(2, 1, 0), err_msg=line)


def test_header_that_names_two_data_files_is_refused(tmp_path):
    (tmp_path / "a.raw").write_bytes(bytes(60))
    (tmp_path / "image.nhdr").write_text(NRRD.format(size="3 4 5") + "data file: a.raw\ndatafile: a.raw\n")
    with pytest.raises(VolumeReadError, match="more than once"):
        read_volume(tmp_path / "image.nhdr")


def test_missing_data_file_is_named(tmp_path):
    (tmp_path / "image.mhd").write_text(META.format(size="3 4 5") + "ElementDataFile = gone.raw\n")
    with pytest.raises(VolumeReadError, match=r"gone\.raw"):
        read_volume(tmp_path / "image.mhd")


NAMED = NRRD.format(size="2 2 2") + "data file: {secret}\n\n"


@pytest.mark.parametrize(
    "header",
    [
        NAMED.replace("type", "#" + "a" * 2**20 + "\ntype"),  # behind what is looked through
        NAMED.replace("data file", "# a comment\rdata file"),  # NrrdIO ends lines there, too
        NAMED.replace("NRRD0004\n", "NRRD0004\r").replace("type", "data file: {secret}\ntype"),
        NAMED.replace("data file", "\x0bdata file"),
        NAMED.replace("data file", "data\0file"),
    ],
    ids=["long comment", "comment", "first line", "vertical tab", "nul"],
)
def test_a_nrrd_header_cannot_hide_the_name_of_a_file(header, secret, tmp_path):
    path = tmp_path / "image.nrrd"
    path.write_bytes(header.format(secret=secret).encode() + b"12345678")
    with pytest.raises(VolumeReadError, match=r"image\.nrrd cannot be read: header|takes its data"):
        read_volume(path)


@pytest.mark.parametrize(
    "line",
    ["a" * 700, "labels: " + "1 " * 700, "b: 1", "sizes : 2 2 2", "  # no comment"],
    ids=["no field", "long field", "unknown field", "spaced field", "spaced comment"],
)
def test_lines_that_end_the_process_in_nrrdio_do_not_reach_it(line, tmp_path):
    path = tmp_path / "image.nrrd"
    path.write_bytes((NRRD.format(size="2 2 2") + line + "\n\n").encode() + b"12345678")
    with pytest.raises(VolumeReadError, match="header has the line"):
        read_volume(path)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_comments_and_values_of_any_length_are_read(end, tmp_path):
    header = NRRD.format(size="2 2 2") + f"# {'a' * 5000}: b\nkey:={'b' * 5000}: c\nContent: what is here\n\n"
    path = tmp_path / "image.nrrd"
    path.write_bytes(header.replace("\n", end).encode() + b"12345678")
    assert read_volume(path).voxels[1, 0, 0] == ord("2")


@pytest.mark.parametrize("n_dims", ["2000000000", "-1", "3.0", "11", "3\nNDims = 2000000000"])
def test_a_meta_header_with_dimensions_without_end_is_refused_at_once(n_dims, tmp_path):
    path = tmp_path / "image.mha"
    header = META.format(size="2 2 2").replace("NDims = 3", f"NDims = {n_dims}")
    path.write_bytes(header.encode() + b"ElementDataFile = LOCAL\n12345678")
    with pytest.raises(VolumeReadError, match="NDims"):
        read_volume(path)


def test_a_meta_image_that_was_made_of_dicom_is_read(tmp_path):
    image = sitk.Image([2, 3, 4], sitk.sitkUInt8)
    for key, value in {"0008|0005": "ISO_IR 100", "0008|0050": "", "0018|0050": "2.5"}.items():
        image.SetMetaData(key, value)  # as ITK does when it reads DICOM
    sitk.WriteImage(image, str(tmp_path / "image.mha"))
    assert b"0008|0005 = ISO_IR 100" in (tmp_path / "image.mha").read_bytes()
    assert read_volume(tmp_path / "image.mha").geometry.shape == (2, 3, 4)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_dimensions_and_channels_that_fit_no_volume_are_refused(suffix, tmp_path):
    path = str(tmp_path / f"image{suffix}")
    sitk.WriteImage(sitk.Image([2, 3, 4, 2], sitk.sitkUInt8), path)
    with pytest.raises(VolumeReadError, match="4 dimensions"):
        read_volume(path)
    sitk.WriteImage(sitk.Image([2, 3, 4], sitk.sitkVectorFloat32, 3), path)
    with pytest.raises(VolumeReadError, match="3 channels of float32"):
        read_volume(path)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_2d_4d_of_length_1_and_rgb_are_volumes(suffix, tmp_path):
    path = str(tmp_path / f"image{suffix}")
    flat = sitk.Image([2, 3], sitk.sitkInt16)
    flat.SetSpacing((0.5, 2))
    flat[1, 2] = 7
    sitk.WriteImage(flat, path)
    assert read_volume(path).voxels[1, 2, 0] == 7
    assert read_volume(path).geometry.spacing_mm == (0.5, 2.0, 1.0)
    sitk.WriteImage(sitk.Image([2, 3, 4, 1], sitk.sitkUInt8), path)
    assert read_volume(path).voxels.shape == (2, 3, 4)
    colours = np.random.default_rng(0).integers(0, 256, (4, 3, 2, 3)).astype(np.uint8)
    sitk.WriteImage(sitk.GetImageFromArray(colours, isVector=True), path)
    np.testing.assert_array_equal(read_volume(path).voxels, colours.transpose(2, 1, 0, 3))


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.integers(0, 10**6), value=st.integers(0, 255), cut=st.integers(0, 10**6))
def test_damaged_bytes_give_a_volume_or_a_read_error(suffix, tmp_path_factory, place, value, cut):
    path = tmp_path_factory.mktemp("fuzz") / f"image{suffix}"
    labels = np.arange(24, dtype=np.uint16).reshape(2, 3, 4)
    write_label_map(LabelMap(labels, Geometry((2, 3, 4), np.diag([1, 2, 3, 1]))), path)
    data = bytearray(path.read_bytes())
    data[place % len(data)] = value
    path.write_bytes(data[: len(data) - (cut % len(data)) // 20])
    try:
        result: object = read_volume(path)
    except VolumeReadError as error:
        result = error
    assert isinstance(result, Volume | VolumeReadError)
