import numpy as np
import pytest

from isegformer import scratch
from isegformer.session.drawing import draw_labels, draw_volume, protected_on_slice
from isegformer.session.objects import OverlapRule, SegmentObject
from isegformer.session.sheet import Settings, Sheet
from isegformer.slicing import Plane, slice_view

SHAPE = (3, 4, 5)


def sheet(*, locked=(), accepted=(), rule=OverlapRule.KEEP_EXISTING):
    objects = {
        label: SegmentObject(label=label, name=str(label), colour="#000000", is_locked=label in locked)
        for label in (1, 2, 3)
    }
    settings = Settings(overlap_rule=rule, window_low=0, window_high=1)
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


@pytest.fixture(params=[1, 10**6], ids=["slice by slice", "all slices at once"])
def _slab_bytes(request, monkeypatch):
    monkeypatch.setattr(scratch, "SLAB_BYTES", request.param)


@pytest.mark.usefixtures("_slab_bytes")
@pytest.mark.parametrize("dtype", [np.uint16, np.int64])
@pytest.mark.parametrize("rule", list(OverlapRule))
def test_a_volume_is_drawn_as_each_of_its_slices(rule, dtype):
    rng = np.random.default_rng(3)
    before, drawn = rng.integers(0, 4, (2, *SHAPE)).astype(np.uint16)
    drawn = drawn.astype(dtype)
    accepted = [Plane(axis=0, index=2), Plane(axis=1, index=0), Plane(axis=2, index=4)]
    state = sheet(locked=(2,), accepted=accepted, rule=rule)
    after = before.copy(order="F")
    delta = draw_volume(before, drawn, labels=(1, 3), sheet=state, accepted=accepted)
    delta.forward(after)
    assert (after != before).any()
    for axis, index in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 3), (2, 1), (2, 4)]:
        plane = Plane(axis=axis, index=index)
        current = slice_view(before, plane)
        expected = draw_labels(
            current,
            slice_view(drawn, plane).astype(np.uint16),
            labels=(1, 3),
            protected=protected_on_slice(current, plane=plane, sheet=state),
            rule=rule,
        )
        np.testing.assert_array_equal(slice_view(after, plane), expected)


@pytest.mark.usefixtures("_slab_bytes")
def test_locked_objects_and_accepted_slices_and_nothing_else_stay():
    before = np.zeros(SHAPE, np.uint16)
    before[0, 0, 0], before[1, 1, 1] = 2, 1
    expected = np.full(SHAPE, 3, np.uint16)
    expected[0, 0, 0] = 2
    expected[:, 3, :] = 0
    accepted = [Plane(axis=1, index=3)]
    state = sheet(locked=(2,), accepted=accepted, rule=OverlapRule.REPLACE_EXISTING)
    after = before.copy(order="F")
    draw_volume(before, np.full(SHAPE, 3, np.uint16), labels=(3,), sheet=state, accepted=accepted).forward(
        after
    )
    np.testing.assert_array_equal(after, expected)
