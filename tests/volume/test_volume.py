import numpy as np
import pytest

from isegformer.errors import GeometryError
from isegformer.volume import Geometry, LabelMap, Volume, describe

GRID = Geometry((2, 3, 4), np.diag([1, 2, 3, 1]))


def test_hash_does_not_depend_on_memory_order_but_on_values_type_and_affine():
    voxels = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    same = Volume(voxels, GRID).sha256
    assert Volume(np.asfortranarray(voxels), GRID).sha256 == same
    assert Volume(voxels.astype(">i2"), GRID).sha256 == same
    assert Volume(voxels + np.int16(1), GRID).sha256 != same
    assert Volume(voxels.astype(np.int32), GRID).sha256 != same
    assert Volume(voxels, Geometry((2, 3, 4), np.eye(4))).sha256 != same


def test_voxels_are_read_only_and_the_callers_array_is_not():
    voxels = np.zeros((2, 3, 4), np.float32)
    volume = Volume(voxels, GRID)
    with pytest.raises(ValueError, match="read-only"):
        volume.voxels[0, 0, 0] = 1
    voxels[0, 0, 0] = 1
    assert voxels[0, 0, 0] == 1


@pytest.mark.parametrize(
    "voxels",
    [
        np.zeros((2, 3, 5)),
        np.zeros((2, 3)),
        np.zeros((2, 3, 4), complex),
        np.zeros((2, 3, 4), bool),
        np.zeros((2, 3, 4, 3), np.float32),
        np.zeros((2, 3, 4, 2), np.uint8),
        np.full((2, 3, 4), "a"),
    ],
)
def test_voxels_of_wrong_shape_or_type_are_refused(voxels):
    with pytest.raises(GeometryError, match="expected"):
        Volume(voxels, GRID)


def test_describe_gathers_the_facts_and_counts_nan():
    voxels = np.zeros((2, 3, 4), np.float32)
    voxels[0, 0], voxels[1, 2, 3] = (1, -2, np.nan, np.inf), 5
    volume = Volume(voxels, GRID)
    summary = describe(volume)
    assert (summary.shape, summary.spacing_mm, summary.axis_codes) == (
        (2, 3, 4),
        (1.0, 2.0, 3.0),
        ("R", "A", "S"),
    )
    assert (summary.dtype, summary.channels, summary.value_range) == ("float32", 1, (-2.0, 5.0))
    assert (summary.nonfinite_voxels, summary.sha256) == (2, volume.sha256)


def test_describe_of_rgb_and_of_nothing_finite():
    assert describe(Volume(np.full((2, 3, 4, 3), 7, np.uint8), GRID)).channels == 3
    assert describe(Volume(np.full((2, 3, 4), np.nan), GRID)).value_range is None


def test_labels_become_uint16_without_wrapping():
    labels = np.zeros((2, 3, 4), np.int64)
    labels[0, 0, 0] = 65535
    assert LabelMap(labels, GRID).labels.dtype == np.uint16
    assert LabelMap(labels, GRID).labels.max() == 65535
    assert LabelMap(labels > 0, GRID).labels.max() == 1
    for bad in (-1, 65536):
        with pytest.raises(GeometryError, match="0 to 65535"):
            LabelMap(np.full((2, 3, 4), bad), GRID)


@pytest.mark.parametrize(
    "labels", [np.zeros((2, 3, 4), np.float32), np.zeros((2, 3), int), np.zeros((3, 2, 4), int)]
)
def test_labels_of_wrong_type_or_shape_are_refused(labels):
    with pytest.raises(GeometryError, match="expected"):
        LabelMap(labels, GRID)


@pytest.mark.parametrize("label", [0, 65536, -1])
def test_names_for_impossible_labels_are_refused(label):
    with pytest.raises(GeometryError, match="names"):
        LabelMap(np.zeros((2, 3, 4), int), GRID, {label: "x"})
