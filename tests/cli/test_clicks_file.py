"""The clicks file: what is read, what is refused, and that the schema says the same."""

import copy
import json
import re
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isegformer.cli.clicks_file import parse_clicks, read_clicks_file
from isegformer.errors import ClickError
from isegformer.volume import Geometry
from isegformer.workflow import ClickedObject, VoxelClick

DOCS = Path(__file__).resolve().parents[2] / "docs"
SHAPE = (24, 20, 12)
GOOD = {
    "objects": [
        {
            "name": "liver",
            "label": 1,
            "clicks": [{"voxel": [3, 4, 5], "positive": True}, {"world_mm": [1.0, 2, -3], "positive": False}],
        },
        {"name": "spleen", "label": 65535, "clicks": [{"voxel": [0, 19, 11], "positive": True}]},
    ]
}


def _changed(path, value):
    """Return GOOD with one value replaced; the key `...` removes."""
    record = copy.deepcopy(GOOD)
    target = record
    for step in path[:-1]:
        target = target[step]
    if value is ...:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return record


FIRST = ("objects", 0)
CLICK = ("objects", 0, "clicks", 0)
WRONG = {
    "a list": ([], "the clicks file is"),
    "no objects": ({}, "has no 'objects'"),
    "empty objects": ({"objects": []}, "at least one entry"),
    "unknown key at the top": ({**GOOD, "version": 1}, "unknown 'version'"),
    "unknown key of an object": (_changed((*FIRST, "colour"), "red"), "object 1 has unknown 'colour'"),
    "unknown key of a click": (
        _changed((*CLICK, "radius"), 3),
        "click 1 of object 1 .'liver'. has unknown 'radius'",
    ),
    "object is a text": (_changed(FIRST, "liver"), 'object 1 is "liver"'),
    "no name": (_changed((*FIRST, "name"), ...), "object 1 has no 'name'"),
    "blank name": (_changed((*FIRST, "name"), "  "), "name of object 1"),
    "name is a number": (_changed((*FIRST, "name"), 3), "name of object 1 is 3"),
    "label 0": (_changed((*FIRST, "label"), 0), "label of object 1 .'liver'. is 0"),
    "label too large": (
        _changed((*FIRST, "label"), 65536),
        "is 65536, expected a whole number from 1 to 65535",
    ),
    "label is a fraction": (_changed((*FIRST, "label"), 1.5), "is 1.5"),
    "label is a text": (_changed((*FIRST, "label"), "1"), "is '1'"),
    "label is true": (_changed((*FIRST, "label"), True), "is True"),
    "no clicks": (_changed((*FIRST, "clicks"), []), "'clicks' of object 1 .'liver'. is .., expected a list"),
    "clicks are an object": (_changed((*FIRST, "clicks"), {}), "expected a list"),
    "no position": (_changed((*CLICK, "voxel"), ...), "click 1 of object 1 .'liver'. has no position"),
    "two positions": (_changed((*CLICK, "world_mm"), [1, 2, 3]), "has voxel and world_mm"),
    "no sign": (_changed((*CLICK, "positive"), ...), "has no 'positive'"),
    "sign is 1": (_changed((*CLICK, "positive"), 1), "'positive' of click 1"),
    "voxel has two numbers": (_changed((*CLICK, "voxel"), [1, 2]), "expected three numbers"),
    "voxel is a fraction": (_changed((*CLICK, "voxel"), [1, 2.5, 3]), "for mm use world_mm"),
    "voxel holds true": (_changed((*CLICK, "voxel"), [1, True, 3]), "expected whole numbers"),
    "voxel holds a text": (_changed((*CLICK, "voxel"), [1, "2", 3]), "expected whole numbers"),
    "voxel is negative": (_changed((*CLICK, "voxel"), [1, -1, 3]), "outside the volume"),
    "position holds null": (
        _changed(("objects", 0, "clicks", 1, "world_mm"), [1, None, 3]),
        "click 2 of object 1",
    ),
}


def _geometry():
    return Geometry(SHAPE, np.array([[-0.9, 0, 0, 11], [0, 0.7, 0, -7.5], [0, 0, 2.5, -20], [0, 0, 0, 1.0]]))


def _schema():
    return jsonschema.Draft202012Validator(
        json.loads((DOCS / "clicks.schema.json").read_text(encoding="utf-8"))
    )


def test_objects_and_clicks_keep_the_order_of_the_file():
    liver, spleen = parse_clicks(GOOD, geometry=_geometry())
    assert liver == ClickedObject(
        name="liver",
        label=1,
        clicks=(
            VoxelClick(voxel=(3, 4, 5), is_positive=True),
            VoxelClick(
                voxel=(11, 14, 7), is_positive=False
            ),  # (11 - 1) / 0.9, (2 + 7.5) / 0.7, (-3 + 20) / 2.5
        ),
    )
    assert (spleen.name, spleen.label) == ("spleen", 65535)


@given(
    st.tuples(st.integers(0, 23), st.integers(0, 19), st.integers(0, 11)),
    st.tuples(*[st.floats(-0.49, 0.49)] * 3),
)
def test_a_position_in_mm_is_the_voxel_whose_centre_is_nearest(voxel, offset):
    geometry = _geometry()
    x, y, z = geometry.voxel_to_world([np.add(voxel, offset)])[0]
    clicks = [{"world_mm": [x, y, z], "positive": True}]
    (item,) = parse_clicks({"objects": [{"name": "a", "label": 1, "clicks": clicks}]}, geometry=geometry)
    assert item.clicks[0].voxel == voxel


def test_whole_numbers_may_be_written_with_a_decimal_point():
    (item, _) = parse_clicks(_changed((*CLICK, "voxel"), [3.0, 4.0, 5.0]), geometry=_geometry())
    assert item.clicks[0].voxel == (3, 4, 5)


@pytest.mark.parametrize(("record", "told"), WRONG.values(), ids=WRONG.keys())
def test_a_mistake_is_refused_with_its_place(record, told):
    with pytest.raises(ClickError, match=told):
        parse_clicks(record, geometry=_geometry())


@pytest.mark.parametrize(("record", "told"), WRONG.values(), ids=WRONG.keys())
def test_the_schema_refuses_the_same_mistakes(record, told):
    assert not _schema().is_valid(record)


@pytest.mark.parametrize("record", [GOOD, _changed((*CLICK, "voxel"), [3.0, 4.0, 5.0])])
def test_the_schema_accepts_what_is_read(record):
    assert _schema().is_valid(record)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("objects", 1, "label"), 1, "objects 1 and 2 both have label 1"),
        (("objects", 1, "name"), "liver", "objects 1 and 2 both have name 'liver'"),
        (
            (*CLICK, "voxel"),
            [24, 4, 5],
            "click 1 .* is at voxel .24, 4, 5., outside .* 0 to 23, 0 to 19, 0 to 11",
        ),
        (
            ("objects", 0, "clicks", 1, "world_mm"),
            [1, 2, 900],
            "click 2 .* is at .1, 2, 900. mm, which is voxel",
        ),
        (("objects", 0, "clicks", 1, "world_mm"), [1, 2, 1e308], "outside the volume"),
    ],
)
def test_what_a_schema_cannot_know_is_refused_too(path, value, told):
    with pytest.raises(ClickError, match=told):
        parse_clicks(_changed(path, value), geometry=_geometry())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "cannot read clicks file"),
        ("", "cannot read clicks file"),
        ("[" * 100_000, "cannot read clicks file"),
        ('{"objects": [], "objects": []}', "'objects' stands twice"),
        (json.dumps(GOOD).replace("65535", "NaN"), "NaN is no number"),
        (json.dumps(GOOD).replace("65535", "-Infinity"), "-Infinity is no number"),
        (json.dumps(GOOD).replace("1.0", "1e999"), "expected finite numbers"),
        (json.dumps(GOOD).replace("65535", "1e999"), "is inf"),
    ],
)
def test_a_file_that_is_no_clicks_file_is_refused_by_name(tmp_path, text, told):
    path = tmp_path / "clicks.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ClickError, match=told) as info:
        read_clicks_file(path, geometry=_geometry())
    assert str(path) in str(info.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_told(tmp_path, content):
    path = tmp_path / "clicks.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ClickError, match="cannot read clicks file"):
        read_clicks_file(path, geometry=_geometry())


def test_the_documented_example_is_valid_and_can_be_read():
    text = (DOCS / "clicks-file.md").read_text(encoding="utf-8")
    example = json.loads(re.findall(r"```json\n(.*?)```", text, flags=re.DOTALL)[0])
    _schema().validate(example)
    grid = Geometry(
        (256, 256, 31), np.array([[-1.25, 0, 0, 160], [0, 1.25, 0, -160], [0, 0, 7.7, 0], [0, 0, 0, 1]])
    )
    liver, spleen = parse_clicks(example, geometry=grid)
    assert (len(liver.clicks), len(spleen.clicks)) == (3, 1)
