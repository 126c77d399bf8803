"""Frozen dataclasses to JSON and back, checked field by field against their type hints.

Known types: bool, int, float, str, bytes (base64), None, `X | None`, tuples, string enumerations, dataclasses
(generic ones too). What does not fit, and every field that is not known, is refused.
"""

import base64
import binascii
import dataclasses
import json
import math
import types
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from isegformer.errors import SessionError

Json: TypeAlias = Any
T = TypeVar("T")


def dump(document: Json) -> str:
    """Return compact JSON text; NaN and infinity are refused with ValueError."""
    return json.dumps(document, allow_nan=False, separators=(",", ":"))


def encode(value: Any) -> Json:
    """Return `value` as what `json.dumps` takes."""
    if dataclasses.is_dataclass(value):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value


def decode(kind: type[T], document: Json, *, where: str) -> T:
    """Return the value of type `kind` that `document` describes; `where` names it in errors.

    Raises
    ------
    SessionError : a field is unknown, missing or of another type
    """
    value: T = _decode(kind, document, where)
    return value


def _decode(kind: Any, document: Json, where: str) -> Any:
    origin = get_origin(kind) or kind
    if origin in (types.UnionType, Union):  # the second is what a type variable's `| None` becomes
        (inner,) = (choice for choice in get_args(kind) if choice is not type(None))
        return None if document is None else _decode(inner, document, where)
    if origin is tuple:
        return _decode_tuple(get_args(kind), document, where)
    if dataclasses.is_dataclass(origin):
        return _decode_dataclass(kind, document, where)
    if issubclass(origin, StrEnum):
        return _decode_enum(origin, document, where)
    return _PLAIN[origin](document, where)


def _decode_tuple(items: tuple[Any, ...], document: Json, where: str) -> tuple[Any, ...]:
    if not isinstance(document, list):
        raise _misfit(where, document, "a list")
    if items[-1] is Ellipsis:
        items = (items[0],) * len(document)
    if len(items) != len(document):
        raise _misfit(where, document, f"{len(items)} items")
    return tuple(
        _decode(item, value, f"{where}[{number}]")
        for number, (item, value) in enumerate(zip(items, document, strict=True))
    )


def _decode_dataclass(kind: Any, document: Json, where: str) -> Any:
    if not isinstance(document, dict):
        raise _misfit(where, document, "an object")
    cls = get_origin(kind) or kind
    bound = dict(zip(getattr(cls, "__parameters__", ()), get_args(kind), strict=True))
    fields = dataclasses.fields(cls)
    if unknown := sorted(set(document) - {field.name for field in fields}):
        raise SessionError(f"{where} has the unknown field {', '.join(unknown)}; known are {_names(fields)}")
    required = {field.name for field in fields if field.default is dataclasses.MISSING}
    if missing := sorted(required - set(document)):
        raise SessionError(f"{where} lacks the field {', '.join(missing)}; expected {_names(fields)}")
    hints = get_type_hints(cls)
    return cls(
        **{
            name: _decode(_bind(hints[name], bound), value, f"{where}.{name}")
            for name, value in document.items()
        }
    )


def _bind(hint: Any, bound: Mapping[Any, Any]) -> Any:
    """Put the arguments of a generic dataclass in the place of its type variables."""
    if hint in bound:
        return bound[hint]
    if getattr(hint, "__parameters__", ()):
        return hint[tuple(bound[parameter] for parameter in hint.__parameters__)]
    return hint


def _decode_enum(kind: type[StrEnum], document: Json, where: str) -> StrEnum:
    if not isinstance(document, str) or document not in {item.value for item in kind}:
        raise _misfit(where, document, "one of " + ", ".join(item.value for item in kind))
    return kind(document)


def _decode_float(document: Json, where: str) -> float:
    if isinstance(document, bool) or not isinstance(document, int | float) or not math.isfinite(document):
        raise _misfit(where, document, "a finite number")
    return float(document)


def _decode_bytes(document: Json, where: str) -> bytes:
    if not isinstance(document, str):
        raise _misfit(where, document, "base64 text")
    try:
        return base64.b64decode(document, validate=True)
    except binascii.Error as error:
        raise _misfit(where, document, "base64 text") from error


def _exactly(kind: type, expected: str) -> Callable[[Json, str], Any]:
    def check(document: Json, where: str) -> Any:
        if type(document) is not kind:  # bool is an int, and must not pass for one
            raise _misfit(where, document, expected)
        return document

    return check


_PLAIN: Mapping[Any, Callable[[Json, str], Any]] = {
    bool: _exactly(bool, "true or false"),
    int: _exactly(int, "a whole number"),
    str: _exactly(str, "text"),
    float: _decode_float,
    bytes: _decode_bytes,
}


def _names(fields: tuple[Any, ...]) -> str:
    return ", ".join(field.name for field in fields) or "none"


def _misfit(where: str, document: Json, expected: str) -> SessionError:
    return SessionError(f"{where} is {repr(document)[:60]}, expected {expected}")
