import numpy as np
import pytest
import SimpleITK as sitk
import trimesh

from isegformer.volume import Geometry, LabelMap, read_label_map, write_label_map


@pytest.fixture
def mask(tmp_path):
    labels = np.zeros((10, 11, 12), np.uint16)
    labels[2:8, 2:8, 2:8] = 1
    labels[8:9, 8:10, 8:10] = 4
    path = tmp_path / "mask.nrrd"
    write_label_map(LabelMap(labels, Geometry(labels.shape, np.eye(4)), {1: "cube", 4: "rest"}), path)
    return path


def test_the_ending_decides(mask, tmp_path, run):
    for name in ("out.nii.gz", "out.mha", "out.csv"):
        done = run("convert", mask, "-o", tmp_path / name)
        assert done.code == 0, done.err
    assert (read_label_map(tmp_path / "out.mha").labels == read_label_map(mask).labels).all()
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[1].startswith("1,cube,216,0.2160")


def test_a_surface_of_one_object(mask, tmp_path, run):
    refused = run("convert", mask, "-o", tmp_path / "out.stl")
    assert refused.code == 1
    assert "choose one with --object, or write each with --each" in " ".join(refused.err.split())
    done = run("convert", mask, "-o", tmp_path / "out.stl", "--object", 1)
    assert done.code == 0
    assert trimesh.load_mesh(tmp_path / "out.stl").volume == pytest.approx(216, rel=0.1)


def test_a_file_for_each_object(mask, tmp_path, run):
    (tmp_path / "parts").mkdir()
    done = run("convert", mask, "-o", tmp_path / "parts" / ".ply", "--each", "--json")
    assert done.code == 0
    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == ["001_cube.ply", "004_rest.ply"]


def test_what_cannot_be_is_said_in_one_line(mask, tmp_path, run):
    for arguments, reason in (
        ((mask, "-o", tmp_path / "out.doc"), "expected a name that ends in"),
        ((mask, "-o", tmp_path / "none" / "out.csv"), "there is no folder"),
        ((mask, "-o", tmp_path / "out.csv", "--object", 9), "holds no object 9"),
        ((mask, "-o", tmp_path / "out.dcm"), "expected their folder as --images"),
        ((mask, "-o", mask, "--object", 1), "expected another file name"),
    ):
        done = run("convert", *arguments)
        assert done.code == 1
        assert reason in done.err
        assert len(done.err.strip().splitlines()) == 1
    assert set(np.unique(read_label_map(mask).labels)) == {0, 1, 4}


def test_no_image_is_replaced_by_the_dicom_seg_of_its_series(mask, tmp_path, run):
    folder = tmp_path / "images"
    folder.mkdir()
    sitk.WriteImage(sitk.Image([11, 10], sitk.sitkInt16), str(folder / "image.dcm"))
    before = (folder / "image.dcm").read_bytes()
    done = run("convert", mask, "-o", folder / "image.dcm", "--images", folder)
    assert done.code == 1
    assert "expected another file name" in done.err
    assert (folder / "image.dcm").read_bytes() == before
