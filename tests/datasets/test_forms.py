"""Every form, read back from a tiny folder with labels written by hand."""

import json

import numpy as np
import pytest
from dataset_trees import (
    LABELS,
    MAKERS,
    SQUARE,
    block,
    coco_record,
    make_coco_lvis,
    photograph,
    put,
    put_text,
)

from isegformer.datasets import FORMS, SliceCases, VolumeCases, open_cases
from isegformer.errors import DatasetError, UnreadableCaseError

SLICE_NAMES = {
    "slices": ("a",),
    "images": ("a", "b"),
    "grabcut": ("flower",),
    "berkeley": ("12003",),
    "davis": ("000",),
    "sstem-mitochondria": ("00",),
    "sstem-synapses": ("00",),
    "oai-zib-slices": ("9001104_40",),
    "pascal-voc": ("2007_000032",),
    "sbd": ("2008_000002",),
    "coco-lvis": ("000000000009",),
}
VOLUME_NAMES = {
    "volumes": ("a", "b"),
    "scans": ("a", "b"),
    "oai": ("0.C.2/9000099/20050712/10424405",),
    "oai-zib": ("9001104",),
    "brats": tuple(f"BraTS20_Training_001_{sequence}" for sequence in ("flair", "t1", "t1ce", "t2")),
}
EXPECTED = {
    "slices": LABELS,
    "images": np.zeros_like(LABELS),
    "grabcut": LABELS == 2,
    "berkeley": LABELS > 0,
    "davis": LABELS > 0,
    "sstem-mitochondria": LABELS,
    "sstem-synapses": LABELS,
    "oai-zib-slices": LABELS,
    "pascal-voc": LABELS,
    "sbd": LABELS,
    "coco-lvis": [[0, 1, 1, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 2]],
}


def test_every_form_is_tested():
    assert set(MAKERS) == set(FORMS) == set(SLICE_NAMES) | set(VOLUME_NAMES)


@pytest.mark.parametrize("form", SLICE_NAMES)
def test_slices_come_with_their_labels(form, make):
    cases = open_cases(form, make(form))
    assert isinstance(cases, SliceCases)
    assert cases.names == SLICE_NAMES[form]
    first = cases.read(0)
    assert first.name == cases.names[0]
    assert first.labels.tolist() == np.asarray(EXPECTED[form]).astype(int).tolist()
    assert (first.labels.dtype, first.ignored.dtype, first.image.dtype) == (np.uint16, bool, np.float32)
    assert 0 <= first.image.min() < first.image.max() <= 1


@pytest.mark.parametrize("form", VOLUME_NAMES)
def test_volumes_come_on_the_grid_of_their_labels(form, make):
    cases = open_cases(form, make(form))
    assert isinstance(cases, VolumeCases)
    assert cases.names == VOLUME_NAMES[form]
    for number, name in enumerate(cases.names):
        case = cases.read(number)
        assert case.name == name
        assert case.volume.geometry.is_close(case.label_map.geometry)
        assert case.volume.voxels.max() > 0


def test_volumes_have_their_labels(make):
    cases = open_cases("volumes", make("volumes"))
    for number in range(2):
        assert (cases.read(number).label_map.labels == block()).all()


@pytest.mark.parametrize("form", ["images", "scans", "oai"])
def test_forms_without_labels_are_all_background(form, make):
    cases = open_cases(form, make(form))
    first = cases.read(0)
    labels = first.labels if isinstance(cases, SliceCases) else first.label_map.labels
    assert labels.dtype == np.uint16
    assert not labels.any()


def test_the_unknown_band_of_grabcut_and_voc_is_ignored(make):
    assert (open_cases("grabcut", make("grabcut")).read(0).ignored == (LABELS == 1)).all()
    assert np.argwhere(open_cases("pascal-voc", make("pascal-voc")).read(0).ignored).tolist() == [[0, 0]]


def test_each_sequence_of_a_tumour_has_the_same_labels(make):
    cases = open_cases("brats", make("brats"))
    brightest = [cases.read(number).volume.voxels.max() for number in range(4)]
    assert brightest == [40, 80, 120, 160]
    assert all((cases.read(number).label_map.labels == block(label=4)).all() for number in range(4))


def test_the_mask_of_a_knee_lies_on_what_it_outlines(make):
    case = open_cases("oai-zib", make("oai-zib")).read(0)
    assert set(np.unique(case.label_map.labels)) == {0, 2}
    assert ((case.volume.voxels == 500) == (case.label_map.labels == 2)).all()


def test_lists_of_a_form_choose_the_split(make):
    folder = make("pascal-voc")
    assert open_cases("pascal-voc", folder, split="val").names == ("2007_000033",)
    with pytest.raises(DatasetError, match=r"nosplit\.txt is missing"):
        open_cases("pascal-voc", folder, split="nosplit")


def test_colours_outside_the_palette_are_no_objects(make):
    folder = make("pascal-voc")
    put(folder / "SegmentationObject" / "2007_000032.png", photograph())
    with pytest.raises(UnreadableCaseError, match=r"'2007_000032'.*palette"):
        open_cases("pascal-voc", folder).read(0)


def test_a_listed_case_without_files_is_named(make):
    folder = make("sbd")
    put_text(folder / "train.txt", "2008_000002\n2008_000003\n")
    with pytest.raises(DatasetError, match="1 cases are missing, the first is '2008_000003'"):
        open_cases("sbd", folder)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a\0b", "a/b", ".hidden"])
def test_names_in_lists_are_no_paths(name, make):
    folder = make("sbd")
    put_text(folder / "train.txt", f"{name}\n")
    with pytest.raises(DatasetError, match="expected one name per line"):
        open_cases("sbd", folder)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no GTinst"),
        (b"MATLAB 5.0", "no GTinst"),
        (b"\0" * 300, "no GTinst"),
        (b"x" * (2**20 + 1), "1048577 bytes, expected at most 1048576"),
    ],
)
def test_a_damaged_object_file_is_named(content, reason, make):
    folder = make("sbd")
    (folder / "inst" / "2008_000002.mat").write_bytes(content)
    with pytest.raises(UnreadableCaseError, match=rf"'2008_000002'.*2008_000002\.mat.*{reason}"):
        open_cases("sbd", folder).read(0)


@pytest.mark.parametrize("line", ["9001104 0.C.2/a", "9001104: ../../etc", "9001104: /etc", "x: 0.C.2/a"])
def test_paths_of_scans_stay_inside_the_folder(line, make):
    folder = make("oai-zib")
    put_text(folder / "segmentation" / "doc" / "oai_mri_paths.txt", line)
    with pytest.raises(DatasetError, match="expected <subject>: <site>"):
        open_cases("oai-zib", folder)


def test_a_mask_that_does_not_fit_its_scan_is_named(make, tmp_path):
    folder = make("oai-zib")
    (folder / "00m" / "0.C.2" / "9001104" / "20050826" / "10593811" / "003").unlink()
    with pytest.raises(UnreadableCaseError, match=r"'9001104'.*\(6, 5, 3\).*expected \(6, 5, 2\)"):
        open_cases("oai-zib", folder).read(0)


def test_objects_of_coco_that_lvis_has_are_not_repeated_and_crowds_are_ignored(make):
    first = open_cases("coco-lvis", make("coco-lvis")).read(0)
    assert first.labels.max() == 2
    # The crowd covers columns 0 and 1; what has an outline of its own counts.
    assert first.ignored.astype(int).tolist() == [
        [1, 0, 0, 0, 0],
        [1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 0, 0, 0],
    ]


@pytest.mark.parametrize("missing", ["lvis_v1_train.json", "instances_train2017.json"])
def test_one_of_the_two_annotation_files_is_enough(missing, make):
    folder = make("coco-lvis")
    (folder / "annotations" / missing).unlink()
    labels = open_cases("coco-lvis", folder).read(0).labels
    assert labels.max() == (2 if missing.startswith("lvis") else 1)


def test_a_small_object_lies_on_top_of_a_large_one(make):
    folder = make("coco-lvis")
    whole = [0, 0, 5, 0, 5, 4, 0, 4]
    record = coco_record(
        [{"segmentation": [SQUARE]}, {"segmentation": [whole]}], file_name="000000000009.jpg"
    )
    put_text(folder / "annotations" / "instances_train2017.json", json.dumps(record))
    (folder / "annotations" / "lvis_v1_train.json").unlink()
    labels = open_cases("coco-lvis", folder).read(0).labels
    assert labels.tolist() == [[1, 2, 2, 1, 1], [1, 2, 2, 1, 1], [1] * 5, [1] * 5]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"images": 3, "annotations": []}',
        '{"images": [3], "annotations": []}',
        "[" * 100_000,
        json.dumps(coco_record([{"segmentation": [[0, 0, 1, 1]]}], file_name="000000000009.jpg")),
        json.dumps(coco_record([{"segmentation": [["a"] * 6]}], file_name="000000000009.jpg")),
        json.dumps(coco_record([{"segmentation": 3}], file_name="000000000009.jpg")),
        json.dumps(coco_record([{"segmentation": []}], file_name="000000000009.jpg")),
        json.dumps(coco_record([{"segmentation": {"counts": "~"}}], file_name="000000000009.jpg")),
        json.dumps(coco_record([{"segmentation": {"counts": [0.5]}}], file_name="000000000009.jpg")),
        json.dumps(coco_record([], file_name="../../secret.jpg")),
        json.dumps(coco_record([], file_name=3)),
        json.dumps(coco_record([], coco_url="http://x/test/000000000009.jpg")),
        json.dumps(coco_record([{"segmentation": [SQUARE], "image_id": 10}], file_name="000000000009.jpg")),
    ],
)
def test_an_annotation_file_of_another_shape_is_refused(text, make):
    folder = make("coco-lvis")
    put_text(folder / "annotations" / "lvis_v1_train.json", text)
    with pytest.raises(DatasetError, match=r"lvis_v1_train\.json is not in COCO's form"):
        open_cases("coco-lvis", folder)


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        ({"segmentation": [[0, 0, 1e400, 0, 1, 1]]}, "finite"),
        ({"segmentation": {"counts": [10**18, 10**18]}}, "do not fill"),
        ({"segmentation": {"counts": [-1, 21]}}, "do not fill"),
        ({"segmentation": {"counts": [3]}}, "do not fill"),
    ],
)
def test_an_impossible_outline_names_its_image(annotation, reason, make):
    folder = make("coco-lvis")
    record = coco_record([{"segmentation": [SQUARE]}, annotation], file_name="000000000009.jpg")
    put_text(folder / "annotations" / "lvis_v1_train.json", json.dumps(record))
    with pytest.raises(UnreadableCaseError, match=f"'000000000009'.*{reason}"):
        open_cases("coco-lvis", folder).read(0)


def test_an_image_of_another_size_than_was_annotated_is_named(tmp_path):
    make_coco_lvis(tmp_path)
    put(tmp_path / "train2017" / "000000000009.jpg", photograph()[:3])
    with pytest.raises(UnreadableCaseError, match=r"size \(3, 5\), expected \(4, 5\)"):
        open_cases("coco-lvis", tmp_path).read(0)
