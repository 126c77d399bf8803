import numpy as np
import pytest
import trimesh

from isegformer.errors import ConfigError, ExportError
from isegformer.exports import EXPORT_FORMATS, Annotation, export, export_each
from isegformer.volume import Geometry, LabelMap, read_label_map


@pytest.fixture
def annotation() -> Annotation:
    labels = np.zeros((6, 7, 8), np.uint16)
    labels[1:4, 1:4, 1:4] = 1
    labels[4:6, 4:6, 4:7] = 20
    return Annotation(
        label_map=LabelMap(labels, Geometry((6, 7, 8), np.diag([1, 2, 3, 1])), {1: "a", 20: "../b c\\/:é"})
    )


@pytest.mark.parametrize("form", ["nifti", "nrrd", "metaimage"])
def test_all_objects_in_one_file(form, annotation, tmp_path):
    path = tmp_path / f"all{EXPORT_FORMATS[form].suffix}"
    export(annotation, form, path)
    np.testing.assert_array_equal(read_label_map(path).labels, annotation.label_map.labels)


@pytest.mark.parametrize("form", ["nifti", "stl", "csv"])
def test_one_file_for_each_object_under_a_harmless_name(form, annotation, tmp_path):
    suffix = EXPORT_FORMATS[form].suffix
    paths = export_each(annotation, form, tmp_path)
    assert [path.name for path in paths] == [f"001_a{suffix}", f"020_b_c{suffix}"]
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    if form == "nifti":
        assert set(np.unique(read_label_map(paths[1]).labels)) == {0, 20}
    if form == "stl":
        assert trimesh.load_mesh(paths[0]).volume == pytest.approx(27 * 6, rel=0.25)
    if form == "csv":
        assert len(paths[1].read_text(encoding="utf-8").splitlines()) == 2


def test_a_surface_of_several_objects_is_refused(annotation, tmp_path):
    with pytest.raises(ExportError, match="2 with voxels"):
        export(annotation, "ply", tmp_path / "all.ply")
    export(annotation.only(20), "ply", tmp_path / "one.ply")
    assert (tmp_path / "one.ply").stat().st_size > 0


def test_dicom_seg_needs_dicom_images(annotation, tmp_path):
    with pytest.raises(ExportError, match="does not come from DICOM"):
        export(annotation, "dicom-seg", tmp_path / "seg.dcm")


def test_an_unknown_form_is_refused_with_the_known_ones(annotation, tmp_path):
    with pytest.raises(ConfigError, match="nifti"):
        export(annotation, "doc", tmp_path / "x.doc")
