"""The paper's protocol: which slices are given, and what is measured of what the method makes of them."""

import numpy as np
import pytest

from isegformer.errors import ConfigError, PropagationError
from isegformer.evaluation.records import RecordKey
from isegformer.evaluation.volume_protocol import (
    EvenSlices,
    ListedSlices,
    VolumeCase,
    measure_propagation,
    slices_with,
)
from isegformer.propagation import ShapeInterpolation
from isegformer.volume import Geometry, Volume

KEY = RecordKey(dataset="bars", case="a", label=3, method="m", setting="2")
SPACING_MM = (1.0, 2.0, 3.0)


class OnlyGiven:
    """Predicts nothing beyond the given slices, and remembers them."""

    def __init__(self):
        self.given = []

    def propagate(
        self,
        slices,
        annotations,
        *,
        earlier=None,
        on_progress=None,
        is_cancelled=None,
        on_evidence=None,
        on_slice=None,
    ):
        self.given.append({index: labels.copy() for index, labels in annotations.items()})
        result = np.zeros((len(slices), *slices.shape), np.uint16)
        for index, labels in annotations.items():
            result[index] = labels
        return result


def bar(axis=1):
    """Return a bar of 2 x 3 voxels on slices 2 to 9 of 12 across `axis`, its volume and axis."""
    mask = np.zeros((12, 5, 7), bool)
    mask[2:10, 1:3, 2:5] = True
    mask = np.ascontiguousarray(np.moveaxis(mask, 0, axis))
    geometry = Geometry(mask.shape, np.diag([*SPACING_MM, 1.0]))
    return VolumeCase(volume=Volume(mask.astype(np.uint8), geometry), target=mask, axis=axis)


@pytest.mark.parametrize(
    ("spread", "count", "expected"),
    [
        ("inside", 1, (6,)),
        ("inside", 2, (4, 8)),
        ("inside", 9, (2, 3, 4, 5, 6, 7, 8, 9, 10)),
        ("inside", 20, (2, 3, 4, 5, 6, 7, 8, 9, 10)),
        ("to-ends", 1, (6,)),
        ("to-ends", 2, (2, 10)),
        ("to-ends", 3, (2, 6, 10)),
        ("to-ends", 20, (2, 3, 4, 5, 6, 7, 8, 9, 10)),
    ],
)
def test_even_slices_are_spread_over_the_object_and_never_more_than_it_has(spread, count, expected):
    assert EvenSlices(count=count, spread=spread).choose(range(2, 11)) == expected


def test_an_object_with_holes_along_the_axis_is_given_only_on_slices_that_hold_it():
    assert EvenSlices(count=3).choose((0, 1, 20, 21, 40, 41)) == (0, 20, 40)
    assert set(EvenSlices(count=4).choose((0, 1, 20, 21, 40, 41))) <= {0, 1, 20, 21, 40, 41}


def test_listed_slices_are_given_whether_they_hold_the_object_or_not():
    assert ListedSlices(indices=(9, 1, 4)).choose((3, 4, 5)) == (1, 4, 9)


def test_listed_slices_that_all_miss_the_object_are_refused():
    with pytest.raises(
        PropagationError, match="none of the slices 1,9 holds the object, which lies on 3 to 5"
    ):
        ListedSlices(indices=(1, 9)).choose((3, 4, 5))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EvenSlices(count=0), "number of slices is 0"),
        (lambda: EvenSlices(count=1, spread="outside"), "inside, to-ends"),
        (lambda: ListedSlices(indices=()), "expected different indices"),
        (lambda: ListedSlices(indices=(3, 3)), "expected different indices"),
        (lambda: ListedSlices(indices=(-1,)), "expected different indices"),
    ],
)
def test_choices_that_mean_nothing_are_refused(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


def test_names_say_what_is_given():
    assert EvenSlices(count=10).name == "10"
    assert ListedSlices(indices=(32, 16)).name == "at 16,32"


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_method_sees_the_object_on_the_given_slices_and_nothing_else(axis):
    method = OnlyGiven()
    record = measure_propagation(bar(axis), method, key=KEY, given=EvenSlices(count=2))
    assert record.annotated == (4, 8)
    assert record.axis == axis
    ((given),) = method.given
    assert sorted(given) == [4, 8]
    for labels in given.values():
        assert np.count_nonzero(labels) == 6
        assert labels[1:3, 2:5].all()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_metrics_are_those_of_the_whole_volume_given_slices_included(axis):
    case = bar(axis)
    record = measure_propagation(case, OnlyGiven(), key=KEY, given=EvenSlices(count=2))
    assert record.metrics["dice"] == pytest.approx(2 * 12 / (12 + 48))
    assert record.metrics["sensitivity"] == pytest.approx(0.25)
    assert record.metrics["ppv"] == 1.0
    assert record.slice_dice == (1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1)
    assert record.shape == case.target.shape
    # the furthest voxel of the bar, slice 2 or 6, lies two slices from the nearest given one
    assert record.metrics["hd95_mm"] == pytest.approx(2 * SPACING_MM[axis])


def test_a_bar_is_interpolated_exactly_between_its_ends():
    record = measure_propagation(
        bar(), ShapeInterpolation(), key=KEY, given=EvenSlices(count=2, spread="to-ends")
    )
    assert record.annotated == (2, 9)
    assert record.metrics["dice"] == 1.0
    assert record.metrics["assd_mm"] == 0.0
    assert record.slice_dice == (1.0,) * 12


def test_time_is_that_of_the_method():
    times = iter([10.0, 12.5])
    record = measure_propagation(
        bar(), OnlyGiven(), key=KEY, given=EvenSlices(count=1), clock=lambda: next(times)
    )
    assert record.seconds == 2.5
    assert record.key == KEY
    assert record.error is None


def test_given_slices_outside_the_volume_are_refused():
    with pytest.raises(PropagationError, match="given slice 12 across axis 1, expected 0 to 11"):
        measure_propagation(bar(), OnlyGiven(), key=KEY, given=ListedSlices(indices=(4, 12)))


def test_an_object_without_voxels_is_refused():
    case = bar()
    empty = VolumeCase(volume=case.volume, target=case.target & False, axis=1)
    with pytest.raises(PropagationError, match="no voxel"):
        measure_propagation(empty, OnlyGiven(), key=KEY, given=EvenSlices(count=1))


def test_slices_with_a_mask_are_found_across_the_axis():
    mask = np.zeros((3, 4, 5), bool)
    mask[0, 2, 1:4] = True
    assert [slices_with(mask, axis=axis) for axis in range(3)] == [(0,), (2,), (1, 2, 3)]
