import numpy as np
import pytest
from session_fakes import PROPAGATIONS, SHAPE, copy_nearest, create_session, make_volume, snapshot

from isegformer.errors import LockedObjectError, PropagationError, SessionError
from isegformer.session import (
    AcceptSlice,
    AddClick,
    AddObject,
    ImportLabelMap,
    OverlapRule,
    PackedArray,
    PaintMask,
    Propagate,
    SetObjectLocked,
    SetOverlapRule,
)
from isegformer.slicing import Plane
from isegformer.volume import Geometry, LabelMap, Window

NEAREST = Propagate(axis=0, method="nearest")


def bars(label, *columns, axis=0):
    """Return the command that paints whole columns of slice `columns[0]` across `axis`."""
    index, *cols = columns
    shape = {0: SHAPE[1:], 1: (SHAPE[0], SHAPE[2]), 2: SHAPE[:2]}[axis]
    mask = np.zeros(shape, bool)
    mask[:, cols] = True
    return PaintMask.from_mask(mask, label=label, plane=Plane(axis=axis, index=index))


def accept(index, axis=0):
    return AcceptSlice(axis=axis, index=index)


def columns(session):
    """Return the label of every column (k) of every slice across axis 0, which must be uniform along rows."""
    labels = session.label_map().labels
    assert (labels == labels[:, :1]).all()
    return labels[:, 0].tolist()


@pytest.fixture
def session(session):
    session.apply(AddObject(label=2, name="b"))
    return session


def import_of(labels, *, affine=None, names=None):
    geometry = make_volume().geometry if affine is None else Geometry(labels.shape, np.array(affine, float))
    return ImportLabelMap.from_label_map(LabelMap(labels.astype(np.uint16), geometry, names or {}))


def test_propagation_carries_accepted_slices_to_all_others(session):
    for command in (bars(1, 1, 0, 1), bars(2, 1, 3), bars(1, 4, 5), accept(1), accept(4), NEAREST):
        session.apply(command)
    first, last = [1, 1, 0, 2, 0, 0], [0, 0, 0, 0, 0, 1]
    assert columns(session) == [first, first, first, last, last]


def test_propagation_gets_the_accepted_slices_the_window_and_the_volume(folder):
    calls = []

    def spy(volume, annotations, **options):
        calls.append((volume, dict(annotations), options))
        return copy_nearest(volume, annotations, **options)

    volume = make_volume()
    with create_session(folder, volume=volume, propagations={"spy": spy}, window=Window(3, 8)) as session:
        session.apply(AddObject(label=1, name="a"))
        for command in (bars(1, 1, 2, axis=2), accept(1, axis=2), accept(5, axis=2), accept(0, axis=1)):
            session.apply(command)
        session.apply(Propagate(axis=2, method="spy"))
    ((got, annotations, options),) = calls
    assert got is volume
    assert sorted(annotations) == [1, 5]
    assert annotations[1].dtype == np.uint16
    assert annotations[1].shape == SHAPE[:2]
    assert annotations[1][1].tolist() == [0, 0, 1, 0, 0, 0, 0]
    assert not annotations[5].any()
    assert options["axis"] == 2
    assert options["window"] == Window(3, 8)


def test_a_second_propagation_replaces_what_the_first_gave(session):
    for command in (bars(1, 1, 0), accept(1), NEAREST, bars(1, 4, 5), accept(4), NEAREST):
        session.apply(command)
    first, last = [1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1]
    assert columns(session) == [first, first, first, last, last]


def test_propagation_leaves_accepted_slices_of_every_axis(session):
    for command in (bars(2, 2, 0, 1, axis=1), accept(2, axis=1), bars(1, 1, 4, 5), accept(1)):
        session.apply(command)
    before = session.label_map().labels
    session.apply(NEAREST)
    after = session.label_map().labels
    np.testing.assert_array_equal(after[1], before[1])
    np.testing.assert_array_equal(after[:, 2], before[:, 2])
    assert (after[3, 0] == [0, 0, 0, 0, 1, 1]).all()


def test_slices_are_told_early_as_they_are_drawn_in_the_end(session):
    commands = (
        SetOverlapRule(rule=OverlapRule.REPLACE_EXISTING),
        bars(1, 1, 0, 3),
        bars(2, 3, 3),
        SetObjectLocked(label=2, is_locked=True),
        bars(1, 2, 5, axis=1),
        accept(2, axis=1),
        accept(1),
    )
    for command in commands:
        session.apply(command)
    before, told = session.label_map().labels, {}

    def keep(index, labels):
        assert (session.label_map().labels == before).all()
        told[index] = labels.copy()

    session.apply(NEAREST, on_slice=keep)
    after = session.label_map().labels
    assert sorted(told) == list(range(SHAPE[0]))
    assert all((told[index] == after[index]).all() for index in told)
    assert told[3][0].tolist() == [1, 0, 0, 2, 0, 0]


def test_propagation_leaves_locked_objects_and_does_not_get_them(session):
    commands = (
        bars(1, 1, 0),
        bars(2, 1, 3),
        bars(2, 3, 0),
        accept(1),
        SetObjectLocked(label=2, is_locked=True),
    )
    for command in commands:
        session.apply(command)
    session.apply(SetOverlapRule(rule=OverlapRule.REPLACE_EXISTING))
    session.apply(NEAREST)
    alone = [1, 0, 0, 0, 0, 0]
    assert columns(session) == [alone, [1, 0, 0, 2, 0, 0], alone, [2, 0, 0, 0, 0, 0], alone]


@pytest.mark.parametrize(
    ("rule", "winner"), [(OverlapRule.KEEP_EXISTING, 2), (OverlapRule.REPLACE_EXISTING, 1)]
)
def test_propagation_meets_other_objects_under_the_rule(session, rule, winner):
    for command in (bars(2, 3, 0, 4), bars(1, 1, 0), accept(1), SetOverlapRule(rule=rule), NEAREST):
        session.apply(command)
    alone = [1, 0, 0, 0, 0, 0]
    assert columns(session) == [alone, alone, alone, [winner, 0, 0, 0, 2, 0], alone]


@pytest.mark.parametrize(
    ("commands", "propagate", "message"),
    [
        ([], NEAREST, "no slice across axis 0 is accepted"),
        ([accept(0, axis=1)], NEAREST, "no slice across axis 0 is accepted"),
        ([accept(0)], NEAREST, "hold no unlocked object"),
        (
            [bars(1, 1, 0), accept(1), SetObjectLocked(label=1, is_locked=True)],
            NEAREST,
            "hold no unlocked object",
        ),
        ([], Propagate(axis=0, method="magic"), "'magic', expected one of: nearest"),
    ],
)
def test_propagation_from_nothing_is_refused(session, commands, propagate, message):
    for command in commands:
        session.apply(command)
    before = snapshot(session)
    with pytest.raises(SessionError, match=message):
        session.apply(propagate)
    assert snapshot(session) == before


def test_a_cancelled_propagation_leaves_no_trace(session):
    for command in (bars(1, 1, 0), accept(1)):
        session.apply(command)
    before, history = snapshot(session), session.history()
    asked = []

    def is_cancelled():
        asked.append(1)
        return len(asked) == 3  # and never again: the first yes counts

    outcome = session.apply(NEAREST, is_cancelled=is_cancelled)
    assert not outcome.is_applied
    assert (outcome.seq, outcome.changed) == (None, None)
    assert snapshot(session) == before
    assert session.history() == history


def test_a_propagation_that_fails_or_gives_another_shape_leaves_no_trace(folder):
    def failing(volume, annotations, **options):
        raise PropagationError("no")

    def odd(volume, annotations, **options):
        return np.zeros((1, 1, 1), np.uint16)

    with create_session(folder, propagations={"failing": failing, "odd": odd}) as session:
        session.apply(AddObject(label=1, name="a"))
        session.apply(bars(1, 1, 0))
        session.apply(accept(1))
        before = snapshot(session)
        with pytest.raises(PropagationError, match="no"):
            session.apply(Propagate(axis=0, method="failing"))
        with pytest.raises(SessionError, match=r"shape \(1, 1, 1\), expected \(5, 7, 6\)"):
            session.apply(Propagate(axis=0, method="odd"))
        assert snapshot(session) == before


def test_a_method_that_is_cancelled_puts_nothing_together(folder):
    steps = []

    def careful(volume, annotations, *, is_cancelled, **options):
        steps.append("begun")
        is_cancelled()
        steps.append("put together")
        return np.zeros(SHAPE, np.uint16)

    with create_session(folder, propagations={"careful": careful}) as session:
        session.apply(AddObject(label=1, name="a"))
        session.apply(bars(1, 1, 0))
        session.apply(accept(1))
        outcome = session.apply(Propagate(axis=0, method="careful"), is_cancelled=lambda: True)
    assert not outcome.is_applied
    assert steps == ["begun"]


def test_propagation_reports_its_progress(session):
    for command in (bars(1, 1, 0), accept(1)):
        session.apply(command)
    reports = []
    session.apply(NEAREST, on_progress=lambda done, total: reports.append((done, total)))
    assert reports == [(n, SHAPE[0]) for n in range(1, SHAPE[0] + 1)]
    assert set(PROPAGATIONS) == {"nearest"}


def test_an_imported_label_map_makes_the_objects_it_holds(session):
    labels = np.zeros(SHAPE)
    labels[0], labels[1, 2], labels[2, 3, 1] = 1, 300, 4
    session.apply(import_of(labels, names={300: "tumour", 9: "absent"}))
    np.testing.assert_array_equal(session.label_map().labels, labels)
    assert {item.label: item.name for item in session.objects} == {
        1: "liver",
        2: "b",
        4: "label 4",
        300: "tumour",
    }


def test_an_import_replaces_its_objects_and_meets_others_under_the_rule(session):
    session.apply(bars(1, 1, 0, 1))
    session.apply(bars(2, 1, 3))
    labels = np.zeros(SHAPE)
    labels[1, :, 2:5] = 1
    session.apply(import_of(labels))
    assert columns(session)[1] == [0, 0, 1, 2, 1, 0]
    session.apply(SetOverlapRule(rule=OverlapRule.REPLACE_EXISTING))
    session.apply(import_of(labels))
    assert columns(session)[1] == [0, 0, 1, 1, 1, 0]


def test_an_import_starts_its_objects_over_and_the_next_click_refines_the_imported_mask(session):
    click = AddClick(label=1, axis=0, index=1, row=2, col=2, is_positive=True)
    session.apply(click)
    labels = np.zeros(SHAPE)
    labels[1, :, 2] = 1
    session.apply(import_of(labels))
    assert session.clicks(1, Plane(axis=0, index=1)) == ()
    session.apply(click)
    assert session.verify_replay().is_identical


def test_an_import_never_changes_a_locked_object(session):
    session.apply(bars(1, 1, 0, 1))
    session.apply(SetObjectLocked(label=1, is_locked=True))
    labels = np.zeros(SHAPE)
    labels[1] = 1
    with pytest.raises(LockedObjectError, match="liver"):
        session.apply(import_of(labels))
    session.apply(SetOverlapRule(rule=OverlapRule.REPLACE_EXISTING))
    session.apply(import_of(2 * labels))
    assert columns(session)[1] == [1, 1, 2, 2, 2, 2]


def test_an_import_that_would_change_an_accepted_slice_is_refused(session):
    session.apply(bars(1, 1, 0))
    session.apply(accept(1))
    labels = np.zeros(SHAPE)
    labels[1, :, 0] = labels[2] = 1
    session.apply(import_of(labels))  # agrees with the accepted slice
    labels[1, 0, 0] = 0
    before = snapshot(session)
    with pytest.raises(SessionError, match="accepted slice 1 across axis 0; reopen"):
        session.apply(import_of(labels))
    assert snapshot(session) == before


def test_an_import_on_another_grid_is_refused(session):
    labels = np.ones(SHAPE)
    affine = make_volume().geometry.affine.copy()
    with pytest.raises(SessionError, match=r"shape \(6, 7, 5\), expected uint16 of shape \(5, 7, 6\)"):
        session.apply(import_of(labels.T, affine=affine))
    affine[0, 3] += 0.5
    with pytest.raises(SessionError, match="elsewhere in space"):
        session.apply(import_of(labels, affine=affine))
    affine[0, 3] -= 0.5 - 1e-5
    session.apply(import_of(labels, affine=affine))
    assert (session.label_map().labels == 1).all()


@pytest.mark.parametrize("affine", [((1.0,),), ((0.0,) * 4,) * 4])
def test_an_import_with_a_broken_affine_is_refused(session, affine):
    packed = PackedArray.pack(np.ones(SHAPE, np.uint16))
    with pytest.raises(ValueError, match="affine"):
        session.apply(ImportLabelMap(labels=packed, affine=affine))


def test_an_empty_import_is_refused(session):
    with pytest.raises(SessionError, match="empty"):
        session.apply(import_of(np.zeros(SHAPE)))
