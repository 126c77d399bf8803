import numpy as np
import pytest

from isegformer.adaptation.case import AdaptationCase, known_slices, labelled_case, labelled_slices
from isegformer.errors import DatasetError
from isegformer.slicing import Plane
from isegformer.volume import Geometry, LabelMap, Volume, Window


def test_of_a_complete_label_map_every_slice_is_known(ball_case):
    assert {axis: len(indices) for axis, indices in ball_case.known.items()} == {0: 24, 1: 30, 2: 18}
    assert ball_case.objects == (2,)


def test_of_a_label_map_drawn_on_some_slices_only_those_are_known(drawn_case):
    assert dict(drawn_case.known) == {2: (4, 8, 12)}
    assert drawn_case.axis == 2


def test_an_axis_that_is_named_is_believed(ball_case):
    labels = LabelMap(ball_case.labels, ball_case.volume.geometry)
    case = labelled_case(ball_case.volume, labels, name="ball", axis=1)
    assert dict(case.known) == {1: tuple(range(7, 22))}


def test_of_several_axes_the_one_of_coarsest_spacing_was_worked_across(ball_case):
    assert ball_case.axis == 2


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("indices", [(7,), (3, 9), (3, 4, 10, 11), (2, 6, 7, 12)])
def test_skipped_slices_show_across_any_axis(axis, indices):
    labels = np.zeros((16, 17, 18), np.uint16)
    where = [slice(4, 14)] * 3
    for index in indices:
        where[axis] = index
        labels[tuple(where)] = 1
    assert known_slices(labels) == {axis: indices}


def test_two_organs_apart_are_no_skipped_slices():
    labels = np.zeros((30, 20, 12), np.uint16)
    labels[3:9, 5:15, 2:9] = 1
    labels[20:27, 5:15, 2:9] = 2
    assert set(known_slices(labels)) == {0, 1, 2}


def test_labelled_slices_hold_a_label():
    labels = np.zeros((4, 5, 6), np.uint16)
    labels[1, 2, 3] = labels[3, 2, 3] = 9
    assert [labelled_slices(labels, axis) for axis in range(3)] == [(1, 3), (2,), (3,)]


def test_planes_of_an_object_have_its_area(ball_case, drawn_case):
    assert [plane.index for plane in ball_case.planes_of(2, 2)] == list(range(3, 16))
    assert drawn_case.planes_of(2, 2) == tuple(Plane(axis=2, index=index) for index in (4, 8, 12))
    assert drawn_case.planes_of(2, 0) == ()
    assert ball_case.planes_of(5, 2) == ()
    areas = [ball_case.mask(2, plane).sum() for plane in ball_case.planes_of(2, 2, least_area_px=100)]
    assert min(areas) >= 100


def test_images_are_windowed(ball_case):
    image = ball_case.image(Plane(axis=0, index=12))
    assert image.shape == (30, 18)
    assert 0 <= image.min() < image.max() <= 1
    assert image[ball_case.mask(2, Plane(axis=0, index=12))].min() > 0.5


def test_a_label_map_on_another_grid_is_refused(ball_case):
    shifted = Geometry(ball_case.labels.shape, np.diag([1.0, 1.2, 3.0, 1.0]))
    with pytest.raises(DatasetError, match="lies on another grid"):
        labelled_case(ball_case.volume, LabelMap(ball_case.labels, shifted), name="x")


def test_a_case_without_labels_is_refused(ball_case):
    empty = LabelMap(np.zeros_like(ball_case.labels), ball_case.volume.geometry)
    with pytest.raises(DatasetError, match="x has no labelled slice"):
        labelled_case(ball_case.volume, empty, name="x")


def test_colour_volumes_give_colour_slices():
    voxels = np.zeros((10, 12, 1, 3), np.uint8)
    voxels[2:9, 2:9] = (200, 100, 0)
    volume = Volume(voxels, Geometry((10, 12, 1), np.eye(4)))
    labels = (voxels[..., 0] > 0).astype(np.uint16)
    case = AdaptationCase(
        name="colour", volume=volume, window=Window(low=0, high=255), labels=labels, known={2: (0,)}
    )
    assert case.image(Plane(axis=2, index=0)).shape == (10, 12, 3)
    assert case.mask(1, Plane(axis=2, index=0)).sum() == 49
