"""Which cases to look at: those on which a method did best and worst."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from isegformer.evaluation.clicks_needed import MAX_CLICKS
from isegformer.evaluation.records import ClickRecord, VolumeRecord

CaseRecord: TypeAlias = ClickRecord | VolumeRecord

SHOWN = 10
"""Cases on either side."""


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """The ends of the list of cases; no case is in both."""

    best: tuple[CaseRecord, ...]
    """The best first."""
    worst: tuple[CaseRecord, ...]
    """The worst first."""


def score(record: CaseRecord) -> float | None:
    """Return one number by which cases are put in order, in [0, 1]; None where nothing was measured.

    Of clicks the mean IoU over the first 20 clicks, where a finished object keeps its last IoU: it tells
    objects apart that need the same number of clicks. Of volumes the Dice.
    """
    if record.error is not None:
        return None
    if isinstance(record, VolumeRecord):
        return record.metrics.get("dice")
    if not record.ious:
        return None
    spent = record.ious[:MAX_CLICKS]
    return (sum(spent) + (MAX_CLICKS - len(spent)) * spent[-1]) / MAX_CLICKS


def rank(records: Sequence[CaseRecord], *, shown: int = SHOWN) -> Ranking:
    """Return the best and the worst measured cases of one method, at most `shown` of each, every object once.

    An object that was measured several times counts with the most annotated slices, and of equally many
    with its first record. Of fewer than twice as many cases the better half is shown as the best, the others
    as the worst.
    """
    scored = [(value, record) for record in _once(records) if (value := score(record)) is not None]
    in_order = [record for _, record in sorted(scored, key=lambda pair: -pair[0])]
    n_best = min(shown, (len(in_order) + 1) // 2)
    n_worst = min(shown, len(in_order) - n_best)
    return Ranking(best=tuple(in_order[:n_best]), worst=tuple(reversed(in_order[len(in_order) - n_worst :])))


def _once(records: Sequence[CaseRecord]) -> list[CaseRecord]:
    """Return one record of every object that was measured."""
    kept: dict[tuple[str, str, int], CaseRecord] = {}
    for record in records:
        name = (record.key.dataset, record.key.case, record.key.label)
        if record.error is None and (name not in kept or _n_annotated(record) > _n_annotated(kept[name])):
            kept[name] = record
    return list(kept.values())


def _n_annotated(record: CaseRecord) -> int:
    return len(record.annotated) if isinstance(record, VolumeRecord) else 0
