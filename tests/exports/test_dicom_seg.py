import highdicom as hd
import numpy as np
import pydicom
import pytest

from isegformer.errors import ExportError, VolumeReadError
from isegformer.exports import write_dicom_seg
from isegformer.volume import Geometry, LabelMap, read_volume

C, S = np.cos(0.4), np.sin(0.4)
ORIENTATIONS = {
    "axial": (1, 0, 0, 0, 1, 0),
    "normal_down": (1, 0, 0, 0, -1, 0),
    "sagittal": (0, 1, 0, 0, 0, -1),
    "oblique": (C, S, 0, 0, 0, -1),
}
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def objects_on(folder) -> LabelMap:
    """Two objects with labels 2 and 300 on four of the five slices."""
    geometry = read_volume(folder).geometry
    labels = np.zeros(geometry.shape, np.uint16)
    labels[0:2, 1, 0:3] = 2
    labels[3, 0:2, 2:4] = 300
    return LabelMap(labels, geometry, {2: "liver", 300: "Läsion"})


@pytest.mark.parametrize("orientation", ORIENTATIONS.values(), ids=ORIENTATIONS)
def test_the_same_voxels_lie_at_the_same_place(orientation, write_study, tmp_path):
    folder = write_study(orientation=orientation)
    label_map = objects_on(folder)
    write_dicom_seg(label_map, folder, tmp_path / "seg.dcm")
    read = hd.seg.segread(tmp_path / "seg.dcm").get_volume(combine_segments=True)
    for number, label in ((1, 2), (2, 300)):
        places = np.argwhere(read.array == number)
        lps_mm = places @ read.affine[:3, :3].T + read.affine[:3, 3]
        found = label_map.geometry.world_to_voxel(lps_mm @ LPS[:3, :3])
        np.testing.assert_allclose(found, np.rint(found), atol=1e-4)
        expected = {tuple(place) for place in np.argwhere(label_map.labels == label)}
        assert {tuple(place) for place in np.rint(found).astype(int)} == expected


def test_segments_have_names_and_colours_and_refer_to_their_images(write_study, tmp_path):
    folder = write_study()
    write_dicom_seg(objects_on(folder), folder, tmp_path / "seg.dcm", colours={2: "#ff0000"})
    seg = hd.seg.segread(tmp_path / "seg.dcm")
    first, second = (seg.get_segment_description(number) for number in (1, 2))
    assert (first.segment_label, second.segment_label) == ("liver", "Läsion")
    red = hd.color.CIELabColor.from_dicom_value(tuple(first.RecommendedDisplayCIELabValue))
    assert red.to_rgb() == pytest.approx((255, 0, 0), abs=2)
    sources = [pydicom.dcmread(path) for path in folder.iterdir()]
    assert seg.StudyInstanceUID == sources[0].StudyInstanceUID
    assert seg.PatientID == "p"
    by_uid = {source.SOPInstanceUID: source.InstanceNumber - 1 for source in sources}
    used = seg.get_source_image_uids()
    assert {by_uid[uid] for _, _, uid in used} >= {0, 1, 2, 3}
    assert {series for _, series, _ in used} == {sources[0].SeriesInstanceUID}


def test_another_grid_is_refused(write_study, tmp_path):
    folder = write_study()
    label_map = objects_on(folder)
    moved = np.array(label_map.geometry.affine)
    moved[0, 3] += 1
    other = LabelMap(label_map.labels, Geometry(label_map.geometry.shape, moved))
    with pytest.raises(ExportError, match="another grid"):
        write_dicom_seg(other, folder, tmp_path / "seg.dcm")


def test_an_empty_map_is_refused(write_study, tmp_path):
    folder = write_study()
    empty = LabelMap(np.zeros((4, 3, 5), np.uint8), read_volume(folder).geometry)
    with pytest.raises(ExportError, match="empty"):
        write_dicom_seg(empty, folder, tmp_path / "seg.dcm")


def test_poor_headers_are_named_and_leave_what_was_there(write_study, tmp_path):
    folder = write_study(without=("StudyInstanceUID",))
    path = tmp_path / "seg.dcm"
    path.write_bytes(b"before")
    with pytest.raises(ExportError, match="StudyInstanceUID"):
        write_dicom_seg(objects_on(folder), folder, path)
    assert path.read_bytes() == b"before"


def test_anonymised_images_are_enough(write_study, tmp_path):
    folder = write_study(without=("PatientID", "PatientName", "StudyDate", "StudyID"))
    write_dicom_seg(objects_on(folder), folder, tmp_path / "seg.dcm")
    assert hd.seg.segread(tmp_path / "seg.dcm").PatientID == ""


def test_a_segmentation_may_lie_beside_its_images(write_study):
    folder = write_study()
    before = read_volume(folder)
    write_dicom_seg(objects_on(folder), folder, folder / "seg.dcm")
    assert (read_volume(folder).voxels == before.voxels).all()
    write_dicom_seg(objects_on(folder), folder, folder / "seg.dcm")
    with pytest.raises(VolumeReadError, match="such as a report or a DICOM-SEG"):
        read_volume(folder / "seg.dcm")
