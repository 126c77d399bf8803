import pytest
import typer

from isegformer.cli.assignments import parse_assignments, parse_extents


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], {}),
        (["seed=2"], {"seed": 2}),
        (["view.side_px=128", "view.aspect=1.5"], {"view": {"side_px": 128, "aspect": 1.5}}),
        (["milestones=[0.5, 1.0]"], {"milestones": [0.5, 1.0]}),
        (["index_file=null"], {"index_file": None}),
        (["index_file=a=b.json"], {"index_file": "a=b.json"}),
        (["seed=1", "seed=2"], {"seed": 2}),
    ],
)
def test_keys_and_values(texts, expected):
    assert parse_assignments(texts) == expected


@pytest.mark.parametrize("text", ["seed", "=2", "view.=2", ".side_px=2", "seed=[1", "seed={"])
def test_what_is_no_assignment_is_named(text):
    with pytest.raises(typer.BadParameter, match=r"seed|=2"):
        parse_assignments([text])


def test_a_value_has_no_keys_of_its_own():
    with pytest.raises(typer.BadParameter, match="cannot be understood"):
        parse_assignments(["seed=2", "seed.more=3"])


@pytest.mark.parametrize("text", ["1", "1=2", "x=1:2", "0=1:2", "1=5:4", "1=-1:4", ""])
def test_extents_of_another_form_are_refused(text):
    with pytest.raises(typer.BadParameter, match="extent"):
        parse_extents([text])


def test_an_extent_is_given_once():
    with pytest.raises(typer.BadParameter, match="given once"):
        parse_extents(["1=2:3", "1=4:5"])
