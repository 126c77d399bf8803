"""The axis that fits clicks and annotations."""

import numpy as np
import pytest

from isegformer.cli.axis_choice import annotated_slices, axis_of_annotations, axis_of_clicks
from isegformer.errors import PropagationError
from isegformer.volume import Geometry
from isegformer.workflow import ClickedObject, VoxelClick

SHAPE = (16, 14, 12)


def _objects(*voxels):
    clicks = tuple(VoxelClick(voxel=voxel, is_positive=True) for voxel in voxels)
    return [ClickedObject(name="a", label=1, clicks=clicks)]


def _grid(*spacing):
    return Geometry(SHAPE, np.diag([*spacing, 1.0]))


@pytest.mark.parametrize(
    ("voxels", "expected"),
    [
        ([(3, 1, 1), (3, 2, 2), (3, 5, 9)], 0),
        ([(1, 7, 1), (2, 7, 2), (5, 7, 9)], 1),
        ([(1, 1, 4), (2, 2, 4), (5, 6, 9), (6, 5, 9)], 2),
    ],
)
def test_clicks_choose_the_axis_with_the_fewest_slices(voxels, expected):
    assert axis_of_clicks(_objects(*voxels), geometry=_grid(1, 1, 1)) == expected


@pytest.mark.parametrize(
    ("spacing", "expected"),
    [((1, 3, 1), 1), ((2, 1, 1), 0), ((1, 1, 1), 2), ((3, 3, 1), 1), ((1.0000001, 1, 1), 2)],
)
def test_of_equal_axes_the_coarsest_is_taken_then_the_highest(spacing, expected):
    assert axis_of_clicks(_objects((3, 4, 5)), geometry=_grid(*spacing)) == expected


@pytest.mark.parametrize(("spacing", "expected"), [((0.3, 0.3, 1.5), 2), ((1, 1, 1), 2), ((3, 1, 1), 0)])
def test_one_place_on_several_slices_is_not_one_slice_across_another_axis(spacing, expected):
    row = _objects((3, 4, 2), (3, 4, 5), (3, 4, 9))
    other = _objects((8, 7, 2), (8, 7, 5), (8, 7, 9))
    assert axis_of_clicks(row, geometry=_grid(*spacing)) == expected
    assert axis_of_clicks([*row, *other], geometry=_grid(*spacing)) == expected


def test_objects_that_are_no_row_decide():
    row, plane = _objects((3, 4, 2), (3, 4, 5), (3, 4, 9)), _objects((3, 7, 2), (3, 2, 8))
    assert axis_of_clicks([*row, *plane], geometry=_grid(1, 1, 1)) == 0


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("indices", [[6], [3, 9], [4, 6, 8, 9]])
def test_annotated_slices_choose_their_axis(axis, indices):
    i, j, k = np.indices(SHAPE)
    ball = (i - 8) ** 2 + (j - 7) ** 2 + (k - 6) ** 2 < 36
    partial = np.zeros(SHAPE, np.uint16)
    stack, source = np.moveaxis(partial, axis, 0), np.moveaxis(ball, axis, 0)
    stack[indices] = source[indices]
    assert axis_of_annotations(partial, geometry=_grid(1, 1, 1)) == axis
    assert annotated_slices(partial, axis) == indices


def test_a_thin_object_on_many_slices_still_chooses_the_right_axis():
    partial = np.zeros(SHAPE, np.uint16)
    partial[5:8, 5:8, ::2] = 4
    assert annotated_slices(partial, 0) == [5, 6, 7]
    assert axis_of_annotations(partial, geometry=_grid(1, 1, 1)) == 2


def test_objects_far_apart_on_one_slice_do_not_mislead():
    partial = np.zeros(SHAPE, np.uint16)
    partial[1:4, 3:9, 5] = 1
    partial[12:15, 3:9, 5] = 1
    assert axis_of_annotations(partial, geometry=_grid(1, 1, 1)) == 2


def test_a_single_voxel_takes_the_coarsest_axis():
    partial = np.zeros(SHAPE, np.uint16)
    partial[5, 5, 5] = 1
    assert axis_of_annotations(partial, geometry=_grid(1, 4, 2)) == 1


def test_annotations_without_a_label_are_refused():
    with pytest.raises(PropagationError, match="hold no label"):
        axis_of_annotations(np.zeros(SHAPE, np.uint16), geometry=_grid(1, 1, 1))
