import json
from dataclasses import FrozenInstanceError
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from session_fakes import make_volume, random_command, random_label_map

from isegformer.errors import SessionError
from isegformer.session import (
    COMMANDS,
    AddClick,
    AddObject,
    AdoptWeights,
    ImportLabelMap,
    LabelName,
    PaintMask,
    Propagate,
    RecolourObject,
    RenameObject,
    SetWindow,
    from_json,
    to_json,
)
from isegformer.slicing import Plane
from isegformer.volume import LabelMap

CLICK = AddClick(label=1, axis=2, index=3, row=4, col=5, is_positive=False)


def test_the_json_of_a_click_is_its_type_and_its_fields():
    assert to_json(CLICK) == {
        "type": "AddClick",
        "label": 1,
        "axis": 2,
        "index": 3,
        "row": 4,
        "col": 5,
        "is_positive": False,
    }


@given(random=st.randoms())
def test_every_command_comes_back_from_json_equal(random):
    command = random_command(random)
    assert from_json(json.loads(json.dumps(to_json(command)))) == command


def test_every_kind_of_command_can_be_written():
    random = Random(0)
    kinds = {type(random_command(random)) for _ in range(600)}
    assert kinds | {AdoptWeights} == set(COMMANDS.values())


def test_commands_are_frozen():
    with pytest.raises(FrozenInstanceError):
        CLICK.row = 9


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({**to_json(CLICK), "pressure": 1}, "unknown field pressure"),
        ({**to_json(CLICK), "row": "4"}, "AddClick.row"),
        ({**to_json(CLICK), "type": "Explode"}, "'Explode', expected one of AddObject"),
        ({"type": "AddClick"}, "lacks the field"),
        ({"label": 1}, "'type'"),
        ({"type": 3}, "'type'"),
        ([], "'type'"),
    ],
)
def test_json_that_is_no_command_is_refused(document, message):
    with pytest.raises(SessionError, match=message):
        from_json(document)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (AddObject, {"label": 0, "name": "a"}),
        (AddObject, {"label": 65536, "name": "a"}),
        (AddObject, {"label": 1, "name": " "}),
        (AddObject, {"label": 1, "name": "a", "colour": "red"}),
        (RenameObject, {"label": 1, "name": ""}),
        (RecolourObject, {"label": 1, "colour": "#12345g"}),
        (AddClick, {"label": 1, "axis": 3, "index": 0, "row": 0, "col": 0, "is_positive": True}),
        (AddClick, {"label": 1, "axis": 0, "index": -1, "row": 0, "col": 0, "is_positive": True}),
        (Propagate, {"axis": 3, "method": "stcn"}),
        (SetWindow, {"low": 2.0, "high": 1.0}),
        (SetWindow, {"low": 0.0, "high": float("inf")}),
    ],
)
def test_values_out_of_range_are_refused_when_the_command_is_made(kind, fields):
    with pytest.raises(SessionError, match="expected"):
        kind(**fields)


def test_a_painted_mask_is_carried_whole():
    mask = np.array([[True, False, True]])
    command = PaintMask.from_mask(mask, label=2, plane=Plane(axis=1, index=6))
    assert (command.label, command.axis, command.index) == (2, 1, 6)
    np.testing.assert_array_equal(command.mask.unpack(), mask)


def test_an_imported_label_map_brings_its_grid_and_names():
    label_map = LabelMap(random_label_map(Random(1)).labels, make_volume().geometry, {2: "two", 1: "one"})
    command = ImportLabelMap.from_label_map(label_map)
    assert command.names == (LabelName(label=1, name="one"), LabelName(label=2, name="two"))
    np.testing.assert_array_equal(command.labels.unpack(), label_map.labels)
    np.testing.assert_array_equal(command.affine, label_map.geometry.affine)
