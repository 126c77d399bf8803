"""Tests for isegformer.propagation.volume_propagation and slices."""

import numpy as np
import pytest

from isegformer.errors import GeometryError, ShapeMismatchError
from isegformer.propagation import (
    ArraySlices,
    NetworkAlone,
    PropagatorConfig,
    ShapeInterpolation,
    ShapesAndNetwork,
    StcnPropagation,
    VolumeSlices,
    propagate_volume,
)
from isegformer.volume.geometry import Geometry
from isegformer.volume.intensity import Window, default_window
from isegformer.volume.volume import Volume

SHAPE = (16, 32, 48)
WINDOW = Window(100.0, 1100.0)


def volume_of(voxels):
    return Volume(voxels, Geometry(shape=voxels.shape[:3], affine=np.diag([1.0, 2.0, 3.0, 1.0])))


@pytest.fixture
def box():
    """Return a volume (16, 32, 48) with a bright box that ends inside it along each axis, and its labels."""
    voxels = np.full(SHAPE, 200, np.int16)
    voxels[4:12, 5:27, 10:40] = 1000
    return volume_of(voxels), np.uint16(500) * (voxels > 600)


@pytest.mark.parametrize("finish", [NetworkAlone, ShapesAndNetwork])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_annotation_across_each_axis_finds_the_whole_box(box, brightness_network, axis, finish):
    volume, truth = box
    middle = SHAPE[axis] // 2
    result = propagate_volume(
        volume,
        {middle: np.take(truth, middle, axis=axis)},
        axis=axis,
        method=StcnPropagation(brightness_network, config=PropagatorConfig(min_side_px=None), finish=finish),
        window=WINDOW,
    )
    assert result.shape == SHAPE
    assert result.dtype == np.uint16
    assert result.flags.f_contiguous
    assert np.array_equal(result, truth)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_interpolation_across_each_axis_fills_the_box(box, axis):
    volume, truth = box
    ends = np.flatnonzero(truth.any(axis=tuple({0, 1, 2} - {axis})))[[0, -1]]
    result = propagate_volume(
        volume,
        {int(end): np.take(truth, end, axis=axis) for end in ends},
        axis=axis,
        method=ShapeInterpolation(),
        window=WINDOW,
    )
    assert np.array_equal(result, truth)


def test_slices_of_a_volume_are_windowed_one_at_a_time():
    voxels = np.zeros((2, 3, 4), np.float32)
    voxels[1, 2] = [100, 600, 1100, np.nan]
    slices = VolumeSlices(volume_of(voxels), axis=1, window=WINDOW)
    assert len(slices) == 3
    assert slices.shape == (2, 4)
    assert slices[2].dtype == np.float32
    assert slices[2].tolist() == [[0, 0, 0, 0], [0, 0.5, 1, 0]]


@pytest.mark.parametrize(
    ("window", "expected"), [(Window(0.0, 255.0), [1, 0.2, 0]), (Window(51.0, 153.0), [1, 0, 0])]
)
def test_colour_slices_are_windowed_as_grey_ones(window, expected):
    voxels = np.zeros((2, 3, 4, 3), np.uint8)
    voxels[1, 2, 3] = [255, 51, 0]
    slices = VolumeSlices(volume_of(voxels), axis=2, window=window)
    assert slices[3].shape == (2, 3, 3)
    assert slices[3].dtype == np.float32
    assert slices[3][1, 2].tolist() == pytest.approx(expected)


def test_colour_volumes_have_all_of_their_range_by_default():
    voxels = np.random.default_rng(0).integers(100, 150, (2, 3, 4, 3), dtype=np.uint8)
    volume = volume_of(voxels)
    slices = VolumeSlices(volume, axis=0, window=default_window(volume))
    assert np.allclose(slices[1], voxels[1] / 255)


def test_colour_volumes_propagate(tiny_stcn):
    voxels = np.random.default_rng(0).integers(0, 256, (5, 32, 48, 3), dtype=np.uint8)
    labels = np.zeros((32, 48), np.uint16)
    labels[8:20, 8:20] = 1
    result = propagate_volume(
        volume_of(voxels), {2: labels}, axis=0, method=StcnPropagation(tiny_stcn), window=Window(0.0, 255.0)
    )
    assert result.shape == (5, 32, 48)
    assert np.array_equal(result[2], labels)


def test_an_axis_that_does_not_exist_is_refused(box):
    with pytest.raises(GeometryError, match="axis is 3"):
        propagate_volume(box[0], {}, axis=3, method=ShapeInterpolation(), window=WINDOW)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4, 4), (2, 3, 4, 3, 1)])
def test_arrays_that_are_no_stack_of_slices_are_refused(shape):
    with pytest.raises(ShapeMismatchError, match="expected"):
        ArraySlices(np.zeros(shape))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_result_is_laid_out_as_its_volume(axis):
    shape = (4, 5, 6)
    slices = VolumeSlices(
        Volume(np.zeros(shape, np.int16), Geometry(shape, np.eye(4))), axis=axis, window=Window(low=0, high=1)
    )
    labels = slices.new_labels()
    assert (labels.shape, labels.dtype) == ((len(slices), *slices.shape), np.uint16)
    assert not labels.any()
    assert np.moveaxis(labels, 0, axis).flags.f_contiguous
