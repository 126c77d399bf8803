import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

import pytest

from isegformer.errors import SessionError
from isegformer.session.json_codec import decode, dump, encode

V = TypeVar("V")


class Size(StrEnum):
    SMALL = "small"


@dataclass(frozen=True)
class Inner(Generic[V]):
    value: V | None
    many: tuple[V, ...] = ()


@dataclass(frozen=True)
class Outer:
    flag: bool
    count: int
    ratio: float
    text: str | None
    data: bytes
    pair: tuple[int, str]
    size: Size
    inner: Inner[int]
    deep: tuple[Inner[tuple[float, ...]], ...] = ()


OUTER = Outer(
    flag=True,
    count=3,
    ratio=0.1,
    text=None,
    data=b"\x00\xff",
    pair=(1, "a"),
    size=Size.SMALL,
    inner=Inner(value=4, many=(5,)),
    deep=(Inner(value=(1.5, 2.0)), Inner(value=None)),
)


def test_nested_and_generic_values_come_back_equal():
    result = decode(Outer, json.loads(dump(encode(OUTER))), where="outer")
    assert result == OUTER
    assert type(result.size) is Size


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("flag", 1),
        ("count", True),
        ("count", 1.0),
        ("ratio", "1"),
        ("ratio", True),
        ("ratio", float("nan")),
        ("text", 3),
        ("data", "?"),
        ("data", 5),
        ("pair", [1]),
        ("pair", {"a": 1}),
        ("size", "large"),
        ("size", ["small"]),
        ("inner", 5),
        ("inner", {"value": "x"}),
        ("deep", [{"value": ["x"]}]),
    ],
)
def test_a_field_of_another_type_is_refused_by_its_name(name, value):
    document = {**encode(OUTER), name: value}
    with pytest.raises(SessionError, match=rf"outer\.{name}"):
        decode(Outer, document, where="outer")


def test_unknown_and_missing_fields_are_refused_and_defaults_may_be_left_out():
    document = encode(OUTER)
    del document["deep"]
    assert decode(Outer, document, where="outer").deep == ()
    with pytest.raises(SessionError, match="unknown field extra"):
        decode(Outer, {**document, "extra": 1}, where="outer")
    del document["count"]
    with pytest.raises(SessionError, match="lacks the field count"):
        decode(Outer, document, where="outer")


def test_numbers_that_json_does_not_know_are_refused():
    with pytest.raises(ValueError, match="JSON"):
        dump({"ratio": float("inf")})
