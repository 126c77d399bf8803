import numpy as np
import pytest

from isegformer.session.drawing import draw_labels, protected_in_volume, protected_on_slice
from isegformer.session.objects import OverlapRule, SegmentObject
from isegformer.session.sheet import Settings, Sheet
from isegformer.slicing import Plane, slice_view

SHAPE = (3, 4, 5)


def sheet(*, locked=(), accepted=()):
    objects = {
        label: SegmentObject(label=label, name=str(label), colour="#000000", is_locked=label in locked)
        for label in (1, 2, 3)
    }
    settings = Settings(overlap_rule=OverlapRule.KEEP_EXISTING, window_low=0, window_high=1)
    return Sheet(settings=settings, objects=objects, accepted=frozenset(accepted))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (OverlapRule.KEEP_EXISTING, [0, 1, 1, 2, 2, 1, 0]),
        (OverlapRule.REPLACE_EXISTING, [0, 1, 1, 1, 2, 1, 0]),
    ],
)
def test_an_object_is_replaced_and_meets_others_under_the_rule(rule, expected):
    current = np.array([[1, 1, 0, 2, 2, 1, 0]], np.uint16)
    drawn = np.array([[0, 1, 1, 1, 0, 0, 9]], np.uint16)
    protected = np.array([[0, 0, 0, 0, 0, 1, 0]], bool)
    result = draw_labels(current, drawn, labels=(1,), protected=protected, rule=rule)
    assert result.tolist() == [expected]
    assert current.tolist() == [[1, 1, 0, 2, 2, 1, 0]]


def test_background_is_never_an_object():
    current = np.array([[3, 3]], np.uint16)
    result = draw_labels(
        current, np.zeros((1, 2), np.uint16), labels=(0, 1), protected=np.zeros((1, 2), bool),
        rule=OverlapRule.REPLACE_EXISTING,
    )  # fmt: skip
    assert result.tolist() == [[3, 3]]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_slice_is_protected_where_the_volume_is(axis):
    labels = np.random.default_rng(3).integers(0, 4, SHAPE).astype(np.uint16)
    state = sheet(
        locked=(2,), accepted=[Plane(axis=0, index=2), Plane(axis=1, index=0), Plane(axis=2, index=4)]
    )
    whole = protected_in_volume(labels, sheet=state)
    assert 0 < whole.sum() < whole.size
    for index in range(SHAPE[axis]):
        plane = Plane(axis=axis, index=index)
        part = protected_on_slice(slice_view(labels, plane), plane=plane, sheet=state)
        np.testing.assert_array_equal(part, slice_view(whole, plane))


def test_protected_are_locked_objects_and_accepted_slices_and_nothing_else():
    labels = np.zeros(SHAPE, np.uint16)
    labels[0, 0, 0], labels[1, 1, 1] = 2, 1
    expected = np.zeros(SHAPE, bool)
    expected[0, 0, 0] = True
    expected[:, 3, :] = True
    state = sheet(locked=(2,), accepted=[Plane(axis=1, index=3)])
    np.testing.assert_array_equal(protected_in_volume(labels, sheet=state), expected)
