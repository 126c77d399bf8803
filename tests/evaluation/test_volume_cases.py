import numpy as np
import pytest
from volume_fakes import GRID, bars, write_bars

from isegformer.errors import ConfigError, DatasetError
from isegformer.evaluation.data_folder import DataFolder
from isegformer.evaluation.volume_cases import (
    VolumeObject,
    VolumeObjectChoice,
    VolumeReader,
    find_volume_objects,
)
from isegformer.volume import Geometry, LabelMap, default_window, write_label_map


@pytest.fixture
def folder(tmp_path):
    return DataFolder(name="bars", path=write_bars(tmp_path / "bars"))


def found_in(folder, **choice):
    return find_volume_objects(folder, VolumeObjectChoice(**choice))


def write_labels(folder, case, labels, *, grid=GRID):
    write_label_map(LabelMap(labels, grid), folder.path / f"{case}_label.nii.gz")


def test_every_label_of_every_volume_is_an_object(folder):
    found = found_in(folder)
    assert [(item.dataset, item.case, item.label) for item in found.objects] == [
        ("bars", "bars_0", 1), ("bars", "bars_0", 2), ("bars", "bars_1", 1), ("bars", "bars_1", 2),
    ]  # fmt: skip
    assert found.problems == {}


def test_a_limit_draws_objects_by_its_seed_and_keeps_their_order(folder):
    drawn = [found_in(folder, limit=2, seed=seed).objects for seed in range(6)]
    assert all(len(objects) == 2 and list(objects) == sorted(objects, key=str) for objects in drawn)
    assert len(set(drawn)) > 1
    assert found_in(folder, limit=2, seed=3).objects == drawn[3]
    assert found_in(folder, limit=9).objects == found_in(folder).objects


def test_a_label_that_was_asked_for_and_is_absent_is_named(folder):
    labels = bars()
    labels[labels == 2] = 0
    write_labels(folder, "bars_1", labels)
    found = found_in(folder, labels=(2,))
    assert [(item.case, item.label) for item in found.objects] == [("bars_0", 2)]
    assert found.problems == {
        VolumeObject(dataset="bars", case="bars_1", label=2): "label 2 is not in the case, which has [1]"
    }


def test_volumes_that_cannot_be_used_are_named_and_the_others_are_found(folder):
    moved = Geometry(GRID.shape, np.diag([1.0, 2.0, 3.5, 1.0]))
    write_labels(folder, "bars_0", bars(), grid=moved)
    write_labels(folder, "bars_2", bars())
    found = found_in(folder)
    assert {item.case for item in found.objects} == {"bars_1"}
    problems = {(item.case, item.label): reason for item, reason in found.problems.items()}
    assert set(problems) == {("bars_0", 0), ("bars_2", 0)}
    assert "different grids" in problems["bars_0", 0]
    assert problems["bars_2", 0] == "it has labels but no image"


def test_a_label_map_without_labels_is_named(folder):
    write_labels(folder, "bars_0", 0 * bars())
    assert found_in(folder).problems == {
        VolumeObject(dataset="bars", case="bars_0", label=0): "case 'bars_0' has no object: all labels are 0"
    }


@pytest.mark.parametrize(("names", "told"), [(("images", "labels"), "volumes"), ((), "none of the forms")])
def test_a_folder_without_volumes_is_a_problem_of_its_own(tmp_path, names, told):
    (tmp_path / "folder").mkdir()
    for name in names:
        (tmp_path / "folder" / name).mkdir()
    found = found_in(DataFolder(name="folder", path=tmp_path / "folder"))
    assert found.objects == ()
    ((item, reason),) = found.problems.items()
    assert (item.case, item.label) == ("", 0)
    assert told in reason


def test_progress_counts_volumes(folder):
    seen = []
    find_volume_objects(folder, VolumeObjectChoice(), on_progress=lambda *counts: seen.append(counts))
    assert seen == [(1, 2), (2, 2)]


def test_an_object_is_read_with_its_volume_and_nothing_of_the_others(folder):
    case = VolumeReader([folder], VolumeObjectChoice(axis=0)).read(found_in(folder).objects[3])
    np.testing.assert_array_equal(case.target, bars(shift=1) == 2)
    assert case.axis == 0
    assert case.volume.geometry.is_close(GRID)
    assert case.window == default_window(case.volume)


def test_the_axis_with_the_coarsest_spacing_is_the_default(folder):
    assert VolumeReader([folder], VolumeObjectChoice()).read(found_in(folder).objects[0]).axis == 2


def test_a_volume_is_read_once_for_all_its_objects(folder):
    reader = VolumeReader([folder], VolumeObjectChoice())
    first, second, third, _ = found_in(folder).objects
    assert reader.read(first).volume is reader.read(second).volume
    assert reader.read(third).volume is not reader.read(first).volume


def test_an_object_that_has_gone_since_it_was_found_is_refused(folder):
    objects = found_in(folder).objects
    write_labels(folder, "bars_0", 0 * bars())
    with pytest.raises(DatasetError, match="label 1 is no longer in bars_0 of bars"):
        VolumeReader([folder], VolumeObjectChoice()).read(objects[0])
    (folder.path / "bars_1_image.nii.gz").unlink()
    with pytest.raises(DatasetError, match="'bars_1' is no longer in"):
        VolumeReader([folder], VolumeObjectChoice()).read(objects[2])


@pytest.mark.parametrize("choice", [{"axis": 3}, {"limit": 0}, {"labels": (0,)}, {"labels": (70000,)}])
def test_choices_that_mean_nothing_are_refused(choice):
    with pytest.raises(ConfigError, match="expected"):
        VolumeObjectChoice(**choice)
