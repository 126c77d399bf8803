"""What a command did, forwards and backwards, in a form that needs no network to be done again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from isegformer.clicks import Click
from isegformer.session.label_delta import LabelDelta, no_change
from isegformer.session.objects import SegmentObject
from isegformer.session.round_records import Round, RoundKey
from isegformer.session.sheet import Settings, Sheet, SliceKey
from isegformer.slicing import Plane

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, kw_only=True)
class Change(Generic[K, V]):
    """One entry of a mapping that came (`before` is None), went (`after` is None) or changed."""

    key: K
    before: V | None
    after: V | None

    def reverse(self) -> "Change[K, V]":
        """Return the change that takes this one back."""
        return Change(key=self.key, before=self.after, after=self.before)


@dataclass(frozen=True, kw_only=True)
class SheetChange:
    """The difference between two sheets; only what differs is kept."""

    settings: tuple[Change[int, Settings], ...] = ()
    """At most one, under key 0."""
    objects: tuple[Change[int, SegmentObject], ...] = ()
    clicks: tuple[Change[SliceKey, tuple[Click, ...]], ...] = ()
    predictions: tuple[Change[SliceKey, int], ...] = ()
    accepted: tuple[Change[Plane, bool], ...] = ()
    rounds: tuple[Change[RoundKey, Round], ...] = ()

    def reverse(self) -> "SheetChange":
        """Return the change that takes this one back."""
        return SheetChange(
            settings=tuple(change.reverse() for change in self.settings),
            objects=tuple(change.reverse() for change in self.objects),
            clicks=tuple(change.reverse() for change in self.clicks),
            predictions=tuple(change.reverse() for change in self.predictions),
            accepted=tuple(change.reverse() for change in self.accepted),
            rounds=tuple(change.reverse() for change in self.rounds),
        )

    def apply(self, sheet: Sheet) -> Sheet:
        """Return the sheet after this change."""
        return replace(
            sheet,
            settings=_changed({0: sheet.settings}, self.settings)[0],
            objects=_changed(sheet.objects, self.objects),
            clicks=_changed(sheet.clicks, self.clicks),
            predictions=_changed(sheet.predictions, self.predictions),
            accepted=frozenset(_changed(dict.fromkeys(sheet.accepted, True), self.accepted)),
            rounds=_changed(sheet.rounds, self.rounds),
        )


@dataclass(frozen=True, kw_only=True)
class Effect:
    """All that a command changed; undo and redo change nothing of their own."""

    sheet: SheetChange
    labels: LabelDelta


def no_effect() -> Effect:
    """Return the effect of an entry that only points to others."""
    return Effect(sheet=SheetChange(), labels=no_change())


def sheet_change(before: Sheet, after: Sheet) -> SheetChange:
    """Return what turns the sheet `before` into `after`."""
    return SheetChange(
        settings=_difference({0: before.settings}, {0: after.settings}),
        objects=_difference(before.objects, after.objects),
        clicks=_difference(before.clicks, after.clicks),
        predictions=_difference(before.predictions, after.predictions),
        accepted=_difference(dict.fromkeys(before.accepted, True), dict.fromkeys(after.accepted, True)),
        rounds=_difference(before.rounds, after.rounds),
    )


def _difference(before: Mapping[K, V], after: Mapping[K, V]) -> tuple[Change[K, V], ...]:
    keys = list(before) + [key for key in after if key not in before]
    return tuple(
        Change(key=key, before=before.get(key), after=after.get(key))
        for key in keys
        if before.get(key) != after.get(key)
    )


def _changed(mapping: Mapping[K, V], changes: tuple[Change[K, V], ...]) -> dict[K, V]:
    result = dict(mapping)
    for change in changes:
        if change.after is None:
            result.pop(change.key, None)
        else:
            result[change.key] = change.after
    return result
