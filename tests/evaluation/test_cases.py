import cv2
import numpy as np
import pytest
from evaluation_fakes import write_cells

from isegformer.errors import ConfigError, DatasetError
from isegformer.evaluation.cases import (
    CaseReader,
    ClickObject,
    ObjectChoice,
    coarsest_axis,
    find_objects,
    object_of,
)
from isegformer.evaluation.data_folder import DataFolder
from isegformer.evaluation.records import RecordKey
from isegformer.slicing import Plane
from isegformer.volume import Geometry, LabelMap, write_label_map

GEOMETRY = Geometry((6, 7, 8), np.diag([1.0, 3.0, 3.0, 1.0]))


@pytest.fixture
def organs(tmp_path):
    """Return a folder with a volume: label 3 is largest on k = 5, label 4 on k = 2, both on j = 2."""
    folder = tmp_path / "organs"
    folder.mkdir()
    labels = np.zeros(GEOMETRY.shape, np.uint16)
    labels[1:4, 1:5, 3:7] = 3
    labels[5, 2, 5] = 3
    labels[0, 2, 0:4] = 4
    labels[1, 2, 2] = 4
    write_label_map(LabelMap(labels, GEOMETRY), folder / "a_label.nii.gz")
    write_label_map(LabelMap(labels * 10, GEOMETRY), folder / "a_image.nii.gz")
    return folder


def found_in(folder, **choice):
    return find_objects(DataFolder(name=folder.name, path=folder), ObjectChoice(**choice))


def described(found):
    return [(item.image_name, item.label) for item in found.objects]


def test_every_label_of_every_slice_is_an_object(cells):
    names = [("cell_0", 1), ("cell_0", 2), ("cell_1", 1), ("cell_1", 2), ("cell_2", 1), ("cell_2", 2)]
    assert described(found_in(cells)) == names


def test_objects_can_be_chosen_by_label_area_and_as_the_last_of_each_image(cells):
    second = [("cell_0", 2), ("cell_1", 2), ("cell_2", 2)]
    first = [("cell_0", 1), ("cell_1", 1), ("cell_2", 1)]
    assert described(found_in(cells, labels=(2, 9))) == second
    assert described(found_in(cells, ignored_label=2)) == first
    assert described(found_in(cells, least_area_px=49)) == first  # 63 px and 48 px
    assert described(found_in(cells, only_last=True)) == second
    assert described(found_in(cells, only_last=True, least_area_px=49)) == first


def test_a_limit_draws_objects_by_the_seed_and_keeps_their_order(cells):
    everything = described(found_in(cells))
    draws = [described(found_in(cells, limit=2, seed=seed)) for seed in range(8)]
    assert all(len(draw) == 2 and draw == sorted(draw) for draw in draws)
    assert {item for draw in draws for item in draw} == set(everything)
    assert described(found_in(cells, limit=2, seed=3)) == draws[3]
    assert described(found_in(cells, limit=60)) == everything


def test_objects_of_a_volume_lie_on_their_largest_slices(organs):
    across_k = [("a axis 2 slice 5", 3), ("a axis 2 slice 2", 4)]
    assert described(found_in(organs, axis=2)) == across_k
    assert described(found_in(organs)) == across_k  # j and k are equally coarse
    assert described(found_in(organs, axis=1)) == [("a axis 1 slice 2", 3), ("a axis 1 slice 2", 4)]
    assert described(found_in(organs, axis=1, only_last=True)) == [("a axis 1 slice 2", 4)]


def test_volumes_can_be_cut_at_given_slices(organs):
    assert described(found_in(organs, axis=2, at=(3, 6))) == [
        ("a axis 2 slice 3", 3),
        ("a axis 2 slice 6", 3),
        ("a axis 2 slice 3", 4),
    ]


def test_a_slice_outside_the_volume_names_the_case(organs):
    found = found_in(organs, axis=2, at=(3, 8))
    assert found.objects == ()
    assert found.problems == {"a": "there is no slice 8 across axis 2, expected 0 to 7"}


@pytest.mark.parametrize(
    ("spacing", "axis"), [((1, 3, 3), 2), ((3, 1, 1), 0), ((1, 2.0001, 2), 2), ((1, 2.1, 2), 1)]
)
def test_the_coarsest_axis_is_cut_across_and_of_equal_ones_the_last(spacing, axis):
    assert coarsest_axis(Geometry((4, 5, 6), np.diag([*map(float, spacing), 1.0]))) == axis


def test_an_object_is_read_with_its_image(organs, cells):
    folders = [DataFolder(name=folder.name, path=folder) for folder in (organs, cells)]
    reader = CaseReader(folders, ObjectChoice(ignored_label=4))
    on_plane = ClickObject(dataset="organs", case="a", plane=Plane(axis=2, index=3), label=3)
    case = reader.read(on_plane)
    assert case.image.shape == case.target.shape == (6, 7)
    assert (np.argwhere(case.target) == [(i, j) for i in (1, 2, 3) for j in (1, 2, 3, 4)]).all()
    assert np.argwhere(case.ignored).tolist() == [[0, 2]]
    assert case.image.dtype == np.float32
    assert case.image[1, 1] == pytest.approx(0.75, abs=0.01)  # 30 in a window from 0 to 40
    on_slice = reader.read(ClickObject(dataset="cells", case="cell_1", plane=None, label=1))
    assert np.count_nonzero(on_slice.target) == 63
    assert on_slice.image[4, 4] == pytest.approx(100 / 255)
    assert reader.read(on_plane).target.shape == (6, 7)


@pytest.mark.parametrize(("case", "label"), [("cell_9", 1), ("cell_0", 3)])
def test_an_object_that_is_gone_is_named(cells, case, label):
    reader = CaseReader([DataFolder(name="cells", path=cells)], ObjectChoice())
    with pytest.raises(DatasetError, match=f"{case}|label {label}"):
        reader.read(ClickObject(dataset="cells", case=case, plane=None, label=label))


@pytest.mark.parametrize("plane", [None, Plane(axis=1, index=17)])
def test_a_record_says_where_its_object_lies(plane):
    item = ClickObject(dataset="d", case="a b", plane=plane, label=5)
    key = RecordKey(dataset="d", case=item.image_name, label=5, method="m")
    assert object_of(key) == item


def test_cases_that_cannot_be_used_are_named_and_the_others_go_on(cells):
    labels = cv2.imread(str(cells / "labels" / "cell_0.png"), cv2.IMREAD_UNCHANGED)
    cv2.imwrite(str(cells / "labels" / "cell_0.png"), labels[:-1])
    cv2.imwrite(str(cells / "labels" / "cell_1.png"), np.zeros_like(labels))
    (cells / "images" / "cell_7.png").write_bytes((cells / "images" / "cell_2.png").read_bytes())
    (cells / "images" / "cell_8.png").write_bytes(b"no image")
    (cells / "labels" / "cell_8.png").write_bytes(b"no image")
    found = found_in(cells)
    assert described(found) == [("cell_2", 1), ("cell_2", 2)]
    assert sorted(found.problems) == ["cell_0", "cell_1", "cell_7", "cell_8"]
    assert "(23, 31), expected that of the image, (24, 31)" in found.problems["cell_0"]
    assert found.problems["cell_1"] == "case 'cell_1' has no object"
    assert found.problems["cell_7"] == "it has an image but no labels"
    assert "cell_8" in found.problems["cell_8"]


def test_a_volume_on_another_grid_is_named(organs):
    moved = Geometry(GEOMETRY.shape, np.diag([1.0, 3.0, 2.0, 1.0]))
    write_label_map(LabelMap(np.ones(GEOMETRY.shape, np.uint16), moved), organs / "a_label.nii.gz")
    assert "different grids" in found_in(organs).problems["a"]


def test_labels_that_were_asked_for_and_are_absent_name_the_case(cells):
    found = found_in(cells, labels=(7, 8))
    assert found.objects == ()
    assert found.problems["cell_2"] == "case 'cell_2' has no object with one of the labels 7, 8"


def test_a_folder_without_cases_is_one_problem(tmp_path):
    assert "none of the forms" in found_in(tmp_path).problems[""]
    for part in ("images", "labels"):
        (tmp_path / "empty" / part).mkdir(parents=True)
    assert "no pair" in found_in(tmp_path / "empty").problems[""]


def test_a_folder_whose_objects_are_all_too_small_is_one_problem(tmp_path):
    folder = write_cells(tmp_path / "cells", n_images=1)
    assert found_in(folder, least_area_px=64).problems == {"": f"{folder} holds no object of at least 64 px"}


@pytest.mark.parametrize(
    "choice", [{"least_area_px": 0}, {"limit": 0}, {"axis": 3}, {"labels": (0,)}, {"labels": (65536,)}]
)
def test_choices_out_of_range_are_refused(choice):
    with pytest.raises(ConfigError, match="expected"):
        ObjectChoice(**choice)
