import numpy as np
import pytest
from session_fakes import SHAPE, FakeSegmenter, create_session, snapshot

from isegformer.clicks import Click
from isegformer.errors import ClickError, LockedObjectError, SessionError
from isegformer.session import (
    AcceptSlice,
    AddClick,
    AddClicks,
    AddObject,
    Box,
    ClearClicks,
    ClickPoint,
    OverlapRule,
    PackedArray,
    PaintMask,
    Propagate,
    SetObjectLocked,
    SetOverlapRule,
    SetWindow,
)
from isegformer.slicing import Plane
from isegformer.volume import Geometry, Volume

PLANE = Plane(axis=0, index=2)
HEIGHT, WIDTH = SHAPE[1], SHAPE[2]


@pytest.fixture
def segmenter():
    return FakeSegmenter()


@pytest.fixture
def session(folder, segmenter):
    with create_session(folder, segmenter=segmenter) as made:
        made.apply(AddObject(label=1, name="a"))
        made.apply(AddObject(label=2, name="b"))
        yield made


def click(label=1, *, axis=0, index=2, row=3, col=3, is_positive=True):
    return AddClick(label=label, axis=axis, index=index, row=row, col=col, is_positive=is_positive)


def clicks(*points, label=1):
    marks = tuple(ClickPoint(row=row, col=col, is_positive=sign) for row, col, sign in points)
    return AddClicks(label=label, axis=0, index=2, clicks=marks)


def paint(mask, label=1, plane=PLANE):
    return PaintMask.from_mask(np.asarray(mask, bool), label=label, plane=plane)


def rows(start, stop):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[start:stop] = True
    return mask


def test_a_click_draws_the_mask_of_the_segmenter_on_its_slice_only(session, segmenter):
    outcome = session.apply(click())
    expected = np.zeros(SHAPE, np.uint16)
    image = (session.volume.voxels[2] - session.settings.window_low) / (
        session.settings.window_high - session.settings.window_low
    )
    alone = FakeSegmenter()
    alone.set_slice(np.clip(image, 0, 1).astype(np.float32))
    expected[2] = alone.predict([Click(row=3, col=3, is_positive=True)], None).mask
    labels = session.label_map().labels
    assert labels.any()
    np.testing.assert_array_equal(labels, expected)
    i, j, k = np.nonzero(expected)
    assert outcome.changed == Box(
        start=(2, int(j.min()), int(k.min())), stop=(3, int(j.max()) + 1, int(k.max()) + 1)
    )
    assert set(i) == {2}


def test_clicks_add_up_per_object_and_slice(session):
    session.apply(click())
    session.apply(click(row=0, is_positive=False))
    session.apply(click(2, axis=1, index=4, row=1, col=1))
    first, second = Click(row=3, col=3, is_positive=True), Click(row=0, col=3, is_positive=False)
    assert session.clicks(1, PLANE) == (first, second)
    assert session.clicks(2, Plane(axis=1, index=4)) == (Click(row=1, col=1, is_positive=True),)
    assert session.clicks(2, PLANE) == ()


def test_several_clicks_are_one_prediction_and_one_step_of_undo(session, segmenter):
    session.apply(click(row=1, col=1))
    before = session.label_map().labels
    session.apply(clicks((3, 3, True), (5, 2, False)))
    assert len(segmenter.previous_seen) == 2
    assert session.clicks(1, PLANE) == (
        Click(row=1, col=1, is_positive=True),
        Click(row=3, col=3, is_positive=True),
        Click(row=5, col=2, is_positive=False),
    )
    session.undo()
    np.testing.assert_array_equal(session.label_map().labels, before)
    assert session.clicks(1, PLANE) == (Click(row=1, col=1, is_positive=True),)


def test_one_click_alone_or_among_several_draws_the_same(folder, tmp_path):
    with create_session(folder) as first, create_session(tmp_path / "other") as second:
        for made, command in ((first, click()), (second, clicks((3, 3, True)))):
            made.apply(AddObject(label=1, name="a"))
            made.apply(command)
        assert snapshot(first) == snapshot(second)


def test_the_click_after_several_refines_what_they_gave(session, segmenter):
    session.apply(clicks((3, 3, True), (4, 4, True)))
    session.apply(click(row=1, col=1))
    assert segmenter.previous_seen[-1].mask.any()


def test_one_click_of_several_outside_the_slice_refuses_them_all(session):
    before = snapshot(session)
    with pytest.raises(ClickError, match="click 2 is at"):
        session.apply(clicks((3, 3, True), (HEIGHT, 0, True)))
    assert snapshot(session) == before


def test_no_click_at_all_is_no_command():
    with pytest.raises(SessionError, match="at least one"):
        clicks()


def test_several_clicks_are_replayed_and_reopened(session, reopen):
    session.apply(clicks((3, 3, True), (4, 1, False)))
    assert session.verify_replay().is_identical
    before = snapshot(session)
    session.close()
    assert snapshot(reopen()) == before


def test_the_segmenter_gets_its_last_prediction_rounded_to_16_bits(session, segmenter):
    for row in (3, 4, 2):
        session.apply(click(row=row))
    first, second, third = segmenter.previous_seen
    assert first is None
    assert second.roi is None
    assert third.roi is not None
    for previous in (second, third):
        assert previous.probability.dtype == np.float32
        np.testing.assert_array_equal(previous.probability.astype(np.float16), previous.probability)


def test_after_undo_the_segmenter_gets_the_very_same_previous_prediction(session, segmenter):
    session.apply(click())
    session.apply(click(row=4))
    session.undo()
    session.apply(click(row=4))
    _, before, after = segmenter.previous_seen
    assert before.probability.tobytes() == after.probability.tobytes()


def test_a_painted_mask_is_what_the_next_click_refines(session, segmenter):
    session.apply(click())
    session.apply(paint(rows(1, 5)))
    session.apply(click(row=5))
    previous = segmenter.previous_seen[-1]
    np.testing.assert_array_equal(previous.mask, rows(1, 5))
    np.testing.assert_array_equal(previous.probability, rows(1, 5))
    assert previous.roi is None
    assert len(session.clicks(1, PLANE)) == 2


def test_a_propagated_mask_is_what_the_next_click_refines(session, segmenter):
    session.apply(paint(rows(1, 5)))
    session.apply(AcceptSlice(axis=0, index=2))
    session.apply(Propagate(axis=0, method="nearest"))
    session.apply(click(index=3))
    np.testing.assert_array_equal(segmenter.previous_seen[-1].mask, rows(1, 5))


def test_drawing_another_object_beside_leaves_the_previous_prediction(session, segmenter):
    session.apply(click())
    is_free = session.slice_labels(PLANE) == 0
    session.apply(paint(is_free, 2))
    session.apply(click(row=4))
    assert 0 < segmenter.previous_seen[-1].probability.min() < 1


def test_a_slice_is_set_once_for_clicks_that_follow_each_other_there(session, segmenter):
    session.apply(click())
    session.apply(click(2, row=4))
    assert segmenter.slices_set == 1
    session.apply(SetWindow(low=0, high=5))
    session.apply(click(row=4))
    assert segmenter.slices_set == 2
    session.apply(click(axis=1, index=2))
    assert segmenter.slices_set == 3


def test_clicks_outside_the_slice_or_the_volume_are_refused(session):
    before = snapshot(session)
    with pytest.raises(ClickError, match="row 7"):
        session.apply(click(row=HEIGHT))
    with pytest.raises(SessionError, match="slice 5 across axis 0, expected 0 to 4"):
        session.apply(click(index=5))
    assert snapshot(session) == before
    assert len(session.history()) == 2


@pytest.mark.parametrize(
    "command",
    [click(), clicks((3, 3, True)), paint(rows(0, 2)), ClearClicks(label=1, axis=0, index=2)],
    ids=["click", "clicks", "paint", "clear"],
)
def test_locked_objects_and_accepted_slices_refuse_every_way_of_drawing(session, command):
    session.apply(SetObjectLocked(label=1, is_locked=True))
    with pytest.raises(LockedObjectError, match="locked"):
        session.apply(command)
    session.apply(SetObjectLocked(label=1, is_locked=False))
    session.apply(AcceptSlice(axis=0, index=2))
    with pytest.raises(SessionError, match=r"slice 2 across axis 0 is accepted.*reopen the slice first"):
        session.apply(command)


def test_the_later_object_yields_unless_told_otherwise(session):
    session.apply(paint(rows(0, 4)))
    session.apply(paint(rows(2, 6), 2))
    np.testing.assert_array_equal(session.slice_labels(PLANE)[:, 0], [1, 1, 1, 1, 2, 2, 0])
    session.apply(SetOverlapRule(rule=OverlapRule.REPLACE_EXISTING))
    session.apply(paint(rows(2, 6), 2))
    np.testing.assert_array_equal(session.slice_labels(PLANE)[:, 0], [1, 1, 2, 2, 2, 2, 0])


def test_a_locked_object_keeps_its_voxels_under_both_rules(session):
    session.apply(paint(rows(0, 4)))
    session.apply(SetObjectLocked(label=1, is_locked=True))
    for rule in OverlapRule:
        session.apply(SetOverlapRule(rule=rule))
        session.apply(paint(rows(2, 6), 2))
        np.testing.assert_array_equal(session.slice_labels(PLANE)[:, 0], [1, 1, 1, 1, 2, 2, 0])


def test_drawing_across_an_accepted_slice_leaves_that_slice(session):
    session.apply(paint(rows(0, 3)))
    session.apply(AcceptSlice(axis=0, index=2))
    before = session.slice_labels(PLANE)
    for axis in (1, 2):
        plane = Plane(axis=axis, index=1)
        session.apply(paint(np.ones(session.slice_labels(plane).shape), 2, plane))
        session.apply(paint(np.zeros(session.slice_labels(plane).shape), 1, plane))
    np.testing.assert_array_equal(session.slice_labels(PLANE), before)
    assert (session.label_map().labels == 2).any()


def test_clearing_takes_clicks_and_voxels_of_one_object_off_one_slice(session, segmenter):
    session.apply(click())
    session.apply(paint(session.slice_labels(PLANE) == 0, 2))
    session.apply(click(index=3))
    kept = session.slice_labels(Plane(axis=0, index=3))
    session.apply(ClearClicks(label=1, axis=0, index=2))
    assert np.unique(session.slice_labels(PLANE)).tolist() == [0, 2]
    np.testing.assert_array_equal(session.slice_labels(Plane(axis=0, index=3)), kept)
    assert session.clicks(1, PLANE) == ()
    session.apply(click())
    assert segmenter.previous_seen[-1] is None


@pytest.mark.parametrize("mask", [np.ones((WIDTH, HEIGHT), bool), np.ones((HEIGHT, WIDTH), np.uint16)])
def test_a_painted_mask_of_another_form_is_refused(session, mask):
    with pytest.raises(SessionError, match=r"painted mask is .* expected bool \(7, 6\)"):
        session.apply(PaintMask(label=1, axis=0, index=2, mask=PackedArray.pack(mask)))


def test_slices_of_colour_volumes_reach_the_segmenter_with_three_channels(tmp_path):
    seen = []

    class Spy(FakeSegmenter):
        def set_slice(self, image):
            seen.append(image)
            super().set_slice(image)

    voxels = np.random.default_rng(0).integers(0, 256, (*SHAPE, 3)).astype(np.uint8)
    with create_session(
        tmp_path, volume=Volume(voxels, Geometry(SHAPE, np.eye(4))), segmenter=Spy()
    ) as session:
        session.apply(AddObject(label=1, name="a"))
        session.apply(click())
    assert seen[0].shape == (HEIGHT, WIDTH, 3)
    np.testing.assert_allclose(seen[0], voxels[2] / 255, atol=1e-6)


def test_a_segmenter_that_fails_leaves_no_trace_and_is_asked_again(folder):
    class Failing(FakeSegmenter):
        is_broken = True

        def predict(self, clicks, previous):
            if self.is_broken:
                raise RuntimeError("out of memory")
            return super().predict(clicks, previous)

    segmenter = Failing()
    with create_session(folder, segmenter=segmenter) as session:
        session.apply(AddObject(label=1, name="a"))
        before = snapshot(session)
        with pytest.raises(RuntimeError, match="out of memory"):
            session.apply(click())
        assert snapshot(session) == before
        segmenter.is_broken = False
        assert session.apply(click()).seq == 2
