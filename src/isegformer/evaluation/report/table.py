"""Tables of a report: text for people, values to sort by."""

from collections.abc import Sequence
from dataclasses import dataclass

MISSING = "\N{EN DASH}"
"""Shown where there is no number."""

THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table."""

    title: str
    is_number: bool = False
    """Numbers are aligned to the right, and sorted as numbers."""
    is_head: bool = False
    """Its cells say what the row is about."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What stands in one row under one column."""

    text: str
    value: float | str | None = None
    """What the table is sorted by; None sorts last."""
    interval: str = ""
    """Second, smaller line of the cell."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table with a caption that says what its numbers mean."""

    title: str
    note: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def words(text: str) -> Cell:
    """Return a cell of words."""
    return Cell(text=text, value=text)


def number(value: float | None, *, digits: int, interval: Sequence[float] | None = None) -> Cell:
    """Return a cell with a number, and where there is one its interval (low, high)."""
    if value is None:
        return Cell(text=MISSING)
    bounds = "" if interval is None else _bounds([f"{bound:.{digits}f}" for bound in interval])
    return Cell(text=_with_minus(f"{value:.{digits}f}"), value=value, interval=bounds)


def change(value: float, *, digits: int, interval: Sequence[float] | None) -> Cell:
    """Return a cell with a difference, its sign, and where there is one its interval (low, high)."""
    bounds = "" if interval is None else _bounds([f"{bound:+.{digits}f}" for bound in interval])
    return Cell(text=_with_minus(f"{value:+.{digits}f}"), value=value, interval=bounds)


def share(value: float | None, *, interval: Sequence[float] | None = None) -> Cell:
    """Return a cell with a share in [0, 1] as per cent."""
    if value is None:
        return Cell(text=MISSING)
    bounds = "" if interval is None else _bounds([f"{100 * bound:.1f}" for bound in interval])
    return Cell(text=f"{100 * value:.1f}{THIN_SPACE}%", value=value, interval=bounds)


def _bounds(texts: Sequence[str]) -> str:
    return f"{_with_minus(texts[0])} to {_with_minus(texts[1])}"


def _with_minus(text: str) -> str:
    """Return a number with a minus sign in place of a hyphen: it is as wide as a plus sign and a digit."""
    return text.replace("-", "\N{MINUS SIGN}")
