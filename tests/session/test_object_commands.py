import numpy as np
import pytest
from session_fakes import SHAPE, snapshot

from isegformer.errors import LockedObjectError, SessionError
from isegformer.session import (
    AcceptSlice,
    AddClick,
    AddObject,
    OverlapRule,
    PaintMask,
    RecolourObject,
    RemoveObject,
    RenameObject,
    ReopenSlice,
    SegmentObject,
    SetObjectLocked,
    SetObjectVisible,
    SetOverlapRule,
    SetWindow,
)
from isegformer.slicing import Plane
from isegformer.volume import Window

PLANE = Plane(axis=0, index=2)


def paint_all(session, label, plane=PLANE):
    shape = session.slice_labels(plane).shape
    session.apply(PaintMask.from_mask(np.ones(shape, bool), label=label, plane=plane))


def test_objects_are_listed_by_label_with_the_palette_as_default(session):
    session.apply(AddObject(label=7, name="spleen", colour="#010203"))
    session.apply(AddObject(label=3, name="kidney"))
    assert session.objects == (
        SegmentObject(label=1, name="liver", colour="#e6194b"),
        SegmentObject(label=3, name="kidney", colour="#4363d8"),
        SegmentObject(label=7, name="spleen", colour="#010203"),
    )
    assert dict(session.label_map().names) == {1: "liver", 3: "kidney", 7: "spleen"}


def test_a_label_or_a_name_that_is_taken_is_refused(session):
    with pytest.raises(SessionError, match="label 1 belongs to the object 'liver'"):
        session.apply(AddObject(label=1, name="other"))
    with pytest.raises(SessionError, match="name 'liver' belongs to object 1"):
        session.apply(AddObject(label=2, name="liver"))
    session.apply(AddObject(label=2, name="other"))
    with pytest.raises(SessionError, match="name 'liver' belongs to object 1"):
        session.apply(RenameObject(label=2, name="liver"))
    assert len(session.history()) == 2


def test_name_colour_lock_and_visibility_change_alone(session):
    session.apply(RenameObject(label=1, name="hepar"))
    session.apply(RecolourObject(label=1, colour="#abcdef"))
    session.apply(SetObjectVisible(label=1, is_visible=False))
    session.apply(SetObjectLocked(label=1, is_locked=True))
    assert session.objects == (
        SegmentObject(label=1, name="hepar", colour="#abcdef", is_locked=True, is_visible=False),
    )


@pytest.mark.parametrize(
    "command",
    [
        RenameObject(label=9, name="x"),
        RecolourObject(label=9, colour="#000000"),
        SetObjectLocked(label=9, is_locked=True),
        SetObjectVisible(label=9, is_visible=True),
        RemoveObject(label=9),
        AddClick(label=9, axis=0, index=0, row=0, col=0, is_positive=True),
    ],
)
def test_an_object_that_is_not_there_is_named(session, command):
    with pytest.raises(SessionError, match="no object with label 9; labels in use: 1"):
        session.apply(command)


def test_a_removed_object_takes_its_voxels_and_clicks_along(session):
    session.apply(AddObject(label=2, name="b"))
    session.apply(AddClick(label=1, axis=0, index=2, row=3, col=3, is_positive=True))
    paint_all(session, 2, Plane(axis=0, index=4))
    session.apply(RemoveObject(label=1))
    assert [item.label for item in session.objects] == [2]
    assert np.unique(session.label_map().labels).tolist() == [0, 2]
    assert session.clicks(1, PLANE) == ()
    session.apply(AddObject(label=1, name="new"))
    assert session.clicks(1, PLANE) == ()


def test_a_locked_object_is_not_removed(session):
    session.apply(SetObjectLocked(label=1, is_locked=True))
    with pytest.raises(LockedObjectError, match=r"object 1 \('liver'\) is locked; unlock"):
        session.apply(RemoveObject(label=1))


def test_an_object_on_an_accepted_slice_is_not_removed(session):
    paint_all(session, 1)
    session.apply(AcceptSlice(axis=0, index=2))
    before = snapshot(session)
    with pytest.raises(SessionError, match="accepted slice 2 across axis 0; reopen"):
        session.apply(RemoveObject(label=1))
    assert snapshot(session) == before
    session.apply(ReopenSlice(axis=0, index=2))
    session.apply(RemoveObject(label=1))
    assert session.objects == ()


def test_accepted_slices_are_listed_by_axis(session):
    for axis, index in ((1, 6), (0, 3), (1, 2)):
        session.apply(AcceptSlice(axis=axis, index=index))
    assert session.annotated(0) == (3,)
    assert session.annotated(1) == (2, 6)
    assert session.annotated(2) == ()
    session.apply(ReopenSlice(axis=1, index=6))
    assert session.annotated(1) == (2,)


def test_slices_are_accepted_once_and_reopened_once_and_must_exist(session):
    with pytest.raises(SessionError, match="not accepted"):
        session.apply(ReopenSlice(axis=0, index=0))
    session.apply(AcceptSlice(axis=0, index=0))
    with pytest.raises(SessionError, match="accepted already"):
        session.apply(AcceptSlice(axis=0, index=0))
    with pytest.raises(SessionError, match=f"slice {SHAPE[0]} across axis 0, expected 0 to {SHAPE[0] - 1}"):
        session.apply(AcceptSlice(axis=0, index=SHAPE[0]))


def test_settings_start_with_keep_existing_and_change_by_command(session):
    assert session.overlap_rule is OverlapRule.KEEP_EXISTING
    session.apply(SetOverlapRule(rule=OverlapRule.REPLACE_EXISTING))
    session.apply(SetWindow(low=-5, high=20))
    assert session.overlap_rule is OverlapRule.REPLACE_EXISTING
    assert session.settings.window == Window(-5, 20)
