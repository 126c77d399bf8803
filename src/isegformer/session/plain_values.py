"""What callers put into commands, as plain Python values of exactly the declared types.

NumPy's integers, booleans, floats and texts become Python's; anything else of another type is refused. So a
command that exists can be written to the journal and read back.
"""

import dataclasses
import math
import operator
import types
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np

from isegformer.errors import SessionError


def normalise_fields(instance: Any) -> None:
    """Replace the fields of a frozen dataclass, while it is made, by plain values of their declared types.

    Raises
    ------
    SessionError : a field holds something of another type, or a number that is not finite
    """
    name = type(instance).__name__
    for field, hint in _hints(type(instance)).items():
        value = plain_value(hint, getattr(instance, field), where=f"{name}.{field}")
        object.__setattr__(instance, field, value)


def plain_value(hint: Any, value: Any, *, where: str) -> Any:
    """Return `value` as the type that `hint` names; `where` names it in errors.

    Raises
    ------
    SessionError : it is of another type, or a number that is not finite
    """
    if get_origin(hint) is types.UnionType:
        (inner,) = (choice for choice in get_args(hint) if choice is not type(None))
        return None if value is None else plain_value(inner, value, where=where)
    if get_origin(hint) is tuple:
        return _plain_tuple(get_args(hint)[0], value, where)
    if dataclasses.is_dataclass(hint):
        if type(value) is not hint:
            raise _misfit(where, value, f"a {getattr(hint, '__name__', hint)}")
        return value
    if issubclass(hint, StrEnum):
        return _plain_enum(hint, value, where)
    return _PLAIN[hint](value, where)


def _hints(kind: type) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _plain_tuple(item: Any, value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, tuple | list):
        raise _misfit(where, value, "a tuple")
    return tuple(plain_value(item, part, where=f"{where}[{number}]") for number, part in enumerate(value))


def _plain_enum(kind: type[StrEnum], value: Any, where: str) -> StrEnum:
    if not isinstance(value, str) or value not in {item.value for item in kind}:
        raise _misfit(where, value, "one of " + ", ".join(item.value for item in kind))
    return kind(value)


def _plain_bool(value: Any, where: str) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise _misfit(where, value, "True or False")
    return bool(value)


def _plain_int(value: Any, where: str) -> int:
    if isinstance(value, bool | np.bool_ | np.ndarray):
        raise _misfit(where, value, "a whole number")
    try:
        return int(operator.index(value))
    except TypeError as error:
        raise _misfit(where, value, "a whole number") from error


def _plain_float(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise _misfit(where, value, "a finite number")
    try:
        number = float(value)
    except OverflowError as error:
        raise _misfit(where, value, "a finite number") from error
    if not math.isfinite(number):
        raise _misfit(where, value, "a finite number")
    return number


def _plain_text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise _misfit(where, value, "text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _misfit(where, value, "text that UTF-8 can hold") from error
    return str(value)


def _plain_bytes(value: Any, where: str) -> bytes:
    if not isinstance(value, bytes):
        raise _misfit(where, value, "bytes")
    return bytes(value)


_PLAIN: Mapping[Any, Callable[[Any, str], Any]] = {
    bool: _plain_bool,
    int: _plain_int,
    float: _plain_float,
    str: _plain_text,
    bytes: _plain_bytes,
}


def _misfit(where: str, value: Any, expected: str) -> SessionError:
    shown = " ".join(repr(value).split())[:60]
    return SessionError(f"{where} is {shown}, a {type(value).__name__}, expected {expected}")
