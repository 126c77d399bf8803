"""Values of other types than declared become plain ones, or are refused before anything is written."""

import json
from dataclasses import fields
from decimal import Decimal
from enum import StrEnum

import numpy as np
import pytest
from session_fakes import SHAPE, WEIGHTS, create_session, make_volume, open_session, snapshot

from isegformer.errors import SessionError
from isegformer.session import (
    COMMANDS,
    AcceptSlice,
    AddClick,
    AddClicks,
    AddObject,
    AdoptWeights,
    ClearClicks,
    ClickPoint,
    ImportLabelMap,
    Journal,
    LabelName,
    OverlapRule,
    PackedArray,
    PaintMask,
    Propagate,
    RecolourObject,
    Redo,
    RemoveObject,
    RenameObject,
    ReopenSlice,
    SetObjectLocked,
    SetObjectVisible,
    SetOverlapRule,
    SetWindow,
    Undo,
    WeightsFingerprint,
    adopt_weights,
    from_json,
    to_json,
)

AFFINE = tuple(tuple(float(value) for value in row) for row in make_volume().geometry.affine)
MASK = PackedArray.pack(np.eye(7, 6, dtype=bool))
LABELS = PackedArray.pack(np.full(SHAPE, 3, np.uint16))
SLICE = {"axis": 0, "index": 2}
GOOD = {
    AddObject: {"label": 2, "name": "b", "colour": "#102030"},
    RenameObject: {"label": 1, "name": "c"},
    RecolourObject: {"label": 1, "colour": "#102030"},
    SetObjectLocked: {"label": 1, "is_locked": True},
    SetObjectVisible: {"label": 1, "is_visible": False},
    RemoveObject: {"label": 1},
    AddClick: {"label": 1, **SLICE, "row": 3, "col": 3, "is_positive": True},
    AddClicks: {"label": 1, **SLICE, "clicks": (ClickPoint(row=3, col=3, is_positive=True),)},
    ClearClicks: {"label": 1, **SLICE},
    PaintMask: {"label": 1, **SLICE, "mask": MASK},
    AcceptSlice: SLICE,
    ReopenSlice: {"axis": 0, "index": 1},
    Propagate: {"axis": 0, "method": "nearest"},
    SetOverlapRule: {"rule": OverlapRule.REPLACE_EXISTING},
    SetWindow: {"low": 1.0, "high": 3.0},
    ImportLabelMap: {"labels": LABELS, "affine": AFFINE, "names": (LabelName(label=3, name="c"),)},
    Undo: {},
    Redo: {},
    AdoptWeights: {"click": "a", "propagation": "b"},
}
"""Fields of one command of each kind that fits the session of `busy`, but for AdoptWeights."""


class Other(StrEnum):
    NAME = "b"


HOSTILE = {
    int: [2.0, True, np.bool_(True), "2", None, Decimal(2), np.float32(2), np.array([2]), b"2"],
    bool: [1, 0, "yes", None, 1.0, np.uint8(1), np.array([True])],
    float: ["1", None, True, 1j, float("nan"), np.float32("inf"), 10**400, Decimal(1), np.array([1.0])],
    str: [5, None, b"b", ["b"], "\ud800"],
    OverlapRule: ["nonsense", "", None, 3, Other.NAME],
    PackedArray: [None, np.eye(7, 6, dtype=bool), MASK.data, {"shape": [1]}],
    tuple: [None, 4, "abc", ((1.0, "x"),), (None,), np.eye(4), {"label": 1}],
}


def hostile_cases():
    for kind, good in GOOD.items():
        for name, value in good.items():
            values = HOSTILE[type(value)]
            for number, bad in enumerate(values):
                if not (name == "colour" and bad is None and kind is AddObject):
                    yield pytest.param(kind, name, bad, id=f"{kind.__name__}-{name}-{number}")


HOSTILE_CASES = list(hostile_cases())


@pytest.fixture
def busy(session):
    """Return the session with an object, an accepted slice and something to redo."""
    session.apply(PaintMask(label=1, axis=0, index=1, mask=MASK))
    session.apply(AcceptSlice(axis=0, index=1))
    session.apply(SetObjectVisible(label=1, is_visible=False))
    session.undo()
    return session


def test_every_kind_of_command_is_among_the_hostile_ones():
    assert set(GOOD) == set(COMMANDS.values())
    assert all({field.name for field in fields(kind)} == set(good) for kind, good in GOOD.items())


@pytest.mark.parametrize(("kind", "name", "bad"), HOSTILE_CASES)
def test_a_field_of_another_type_is_refused_when_the_command_is_made(kind, name, bad):
    with pytest.raises(SessionError, match=rf"{kind.__name__}\.{name}.*expected"):
        kind(**{**GOOD[kind], name: bad})


@pytest.mark.parametrize("kind", GOOD)
def test_hostile_values_that_got_into_a_command_leave_the_session_usable(busy, reopen, kind):
    for _, name, bad in (case.values for case in HOSTILE_CASES if case.values[0] is kind):
        command = kind(**GOOD[kind])
        object.__setattr__(command, name, bad)
        before = snapshot(busy)
        is_refused = False
        try:
            busy.apply(command)
        except Exception:  # noqa: BLE001  # whatever it is, the session must stand
            is_refused = True
        assert not is_refused or snapshot(busy) == before
    busy.apply(AddObject(label=9, name="still usable"))
    end = snapshot(busy)
    busy.close()
    assert snapshot(reopen()) == end


NUMPY = {
    int: [np.int64, np.uint16, np.int8],
    bool: [np.bool_],
    float: [np.float32, np.float64, np.int16],
    str: [np.str_],
}


@pytest.mark.parametrize("kind", [kind for kind in GOOD if kind is not AdoptWeights])
def test_numpy_values_become_plain_ones_and_the_session_reopens(busy, reopen, kind):
    if kind in (RemoveObject, ImportLabelMap):
        busy.apply(ReopenSlice(axis=0, index=1))
    for number in range(3):
        good = {
            name: NUMPY[type(value)][number % len(NUMPY[type(value)])](value)
            if type(value) in NUMPY
            else value
            for name, value in GOOD[kind].items()
        }
        command = kind(**good)
        assert command == kind(**GOOD[kind])
        assert from_json(json.loads(json.dumps(to_json(command)))) == command
        assert all(type(getattr(command, name)) is type(GOOD[kind][name]) for name in good)
    busy.apply(command, user=np.str_("eva"))
    end = snapshot(busy)
    busy.close()
    again = reopen()
    assert snapshot(again) == end
    assert again.history()[-1].user == "eva"


def test_numpy_values_inside_an_array_or_a_name_become_plain_ones():
    packed = PackedArray(shape=(np.int64(7), np.uint8(6)), dtype="bool", data=MASK.data)
    assert packed == MASK
    assert type(packed.shape[0]) is int
    assert type(LabelName(label=np.uint16(3), name="c").label) is int
    for make in (
        lambda: PackedArray(shape=(7.0, 6), dtype="bool", data=MASK.data),
        lambda: PackedArray(shape=(7, 6), dtype=np.dtype(bool), data=MASK.data),
        lambda: PackedArray(shape=(7, 6), dtype="bool", data=bytearray(MASK.data)),
        lambda: LabelName(label="3", name="c"),
    ):
        with pytest.raises(SessionError, match="expected"):
            make()


@pytest.mark.parametrize("user", [5, b"eva", "\ud800", ["eva"]])
def test_a_user_that_is_no_text_is_refused_and_the_session_goes_on(busy, reopen, user):
    before = snapshot(busy)
    for act in (lambda: busy.apply(AcceptSlice(**SLICE), user=user), lambda: busy.undo(user=user)):
        with pytest.raises(SessionError, match="user is"):
            act()
    assert snapshot(busy) == before
    busy.redo()
    end = snapshot(busy)
    busy.close()
    assert snapshot(reopen()) == end


def test_weights_that_are_no_text_are_refused_and_leave_nothing(folder):
    hostile = WeightsFingerprint(click=None, propagation="p")
    with pytest.raises(SessionError, match="click"):
        create_session(folder, weights=hostile)
    create_session(folder).close()
    with pytest.raises(SessionError, match="click"):
        adopt_weights(folder, weights=hostile)
    with open_session(folder) as session:
        assert session.weights == WEIGHTS


def test_a_session_that_cannot_be_made_lets_journal_and_folder_go(folder, monkeypatch):
    closed = []
    close = Journal.close

    def closing(journal):
        closed.append(journal)
        close(journal)

    monkeypatch.setattr(Journal, "close", closing)

    def failing(journal):
        raise MemoryError

    monkeypatch.setattr("isegformer.session.session.load_state", failing)
    with pytest.raises(MemoryError):
        create_session(folder)
    assert len(closed) == 1
    monkeypatch.undo()
    open_session(folder).close()
