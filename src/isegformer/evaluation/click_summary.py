"""From the records of clicks to the numbers that are reported, as JSON; its form is in docs/evaluation.md."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from isegformer.evaluation.bands import bands
from isegformer.evaluation.cases import object_of
from isegformer.evaluation.click_protocol import THRESHOLDS, threshold_name
from isegformer.evaluation.clicks_needed import MAX_CLICKS, clicks_needed, iou_after
from isegformer.evaluation.records import ClickRecord
from isegformer.evaluation.statistics import Estimate, bootstrap_mean, paired_difference

FORMAT = 1
"""Of the JSON document; rises when a reader of older ones would be misled."""


def click_summary(
    records: Sequence[ClickRecord],
    *,
    datasets: Sequence[str],
    methods: Sequence[str],
    users: Sequence[str],
    seed: int = 0,
) -> dict[str, Any]:
    """Return what is reported of the records: numbers of every method on every dataset, and what failed.

    Parameters
    ----------
    datasets, methods, users : names, in the order of the report; the first method with the first user is the
        one that "datasets" shows and that the others are compared with
    seed : of the bootstrap
    """
    by_method = {
        _label(method, user, users): [r for r in records if (r.key.method, r.key.setting) == (method, user)]
        for user in users
        for method in methods
    }
    unusable = [record for record in records if not record.key.method]
    summaries = {
        label: {
            dataset: _summary(_of(measured, dataset), n_unusable=len(_of(unusable, dataset)), seed=seed)
            for dataset in datasets
        }
        for label, measured in by_method.items()
    }
    return {
        "datasets": next(iter(summaries.values())),
        "methods": summaries,
        "differences": [
            entry
            for dataset in datasets
            for entry in _differences(
                {label: _of(measured, dataset) for label, measured in by_method.items()}, dataset, seed=seed
            )
        ],
        "failed": [_failure(record, users) for record in records if record.error is not None],
    }


def _summary(records: Sequence[ClickRecord], *, n_unusable: int, seed: int) -> dict[str, Any]:
    """Return the numbers of one method on one dataset; None where there is no case to take them from."""
    measured = [record for record in records if record.error is None]
    needed = {name: _noc(measured, threshold) for name, threshold in _thresholds()}
    estimates = {name: _estimate(values, measured, seed=seed) for name, values in needed.items()}
    seconds = [value for record in measured for value in record.seconds]
    return {
        "cases": len(measured),
        "noc": {name: estimate and estimate.mean for name, estimate in estimates.items()},
        "noc_interval": {name: estimate and _interval(estimate) for name, estimate in estimates.items()},
        **_with_interval(
            "failures",
            {name: [_fails(r, threshold) for r in measured] for name, threshold in _thresholds()},
            measured,
            seed=seed,
        ),
        **_with_interval(
            "iou_after",
            {str(k): [iou_after(r.ious, k) for r in measured] for k in range(1, MAX_CLICKS + 1)},
            measured,
            seed=seed,
        ),
        "seconds_per_click": {"median": _quantile(seconds, 0.5), "p95": _quantile(seconds, 0.95)},
        "memory": {
            "rss_peak_mb": _largest([record.rss_peak_mb for record in measured]),
            "gpu_peak_mb": _largest([record.gpu_peak_mb for record in measured]),
        },
        "failed_cases": len(records) - len(measured) + n_unusable,
    }


def _differences(
    by_method: Mapping[str, Sequence[ClickRecord]], dataset: str, *, seed: int
) -> list[dict[str, Any]]:
    """Return what every method needs more than the first, over the objects that both have measured."""
    (first, base), *others = by_method.items()
    found = []
    for label, records in others:
        pairs = _pairs(base, records)
        if pairs:
            ours, theirs = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
            for name, threshold in _thresholds():
                estimate = paired_difference(
                    _noc(ours, threshold), _noc(theirs, threshold), groups=_groups(ours), seed=seed
                )
                found.append(
                    {
                        "dataset": dataset,
                        "methods": [first, label],
                        "quantity": f"noc@{name}",
                        "mean": estimate.mean,
                        "low": estimate.low,
                        "high": estimate.high,
                        "n": estimate.n,
                    }
                )
    return found


def _pairs(a: Sequence[ClickRecord], b: Sequence[ClickRecord]) -> list[tuple[ClickRecord, ClickRecord]]:
    """Return the records of the same objects, where both hold measurements, in the order of `a`."""
    found = {(record.key.case, record.key.label): record for record in b if record.error is None}
    return [
        (record, found[record.key.case, record.key.label])
        for record in a
        if record.error is None and (record.key.case, record.key.label) in found
    ]


def _failure(record: ClickRecord, users: Sequence[str]) -> dict[str, Any]:
    key = record.key
    return {
        "dataset": key.dataset,
        "case": key.case,
        "label": key.label,
        "method": _label(key.method, key.setting, users) if key.method else "",
        "error": record.error,
    }


def _label(method: str, user: str, users: Sequence[str]) -> str:
    """Return what a method is called with a user: its name alone with the first of them."""
    return method if user == users[0] else f"{method}, {user} clicks"


def _of(records: Sequence[ClickRecord], dataset: str) -> list[ClickRecord]:
    return [record for record in records if record.key.dataset == dataset]


def _thresholds() -> list[tuple[str, float]]:
    return [(threshold_name(threshold), threshold) for threshold in THRESHOLDS]


def _noc(records: Sequence[ClickRecord], threshold: float) -> list[float]:
    return [float(clicks_needed(record.ious, threshold)) for record in records]


def _groups(records: Sequence[ClickRecord]) -> list[str]:
    """Return the case of each record: objects of one image or volume resemble each other."""
    return [object_of(record.key).case for record in records]


def _estimate(values: Sequence[float], records: Sequence[ClickRecord], *, seed: int) -> Estimate | None:
    return bootstrap_mean(values, groups=_groups(records), seed=seed) if values else None


def _with_interval(
    quantity: str, values: Mapping[str, Sequence[float]], records: Sequence[ClickRecord], *, seed: int
) -> dict[str, dict[str, Any]]:
    """Return the mean of every column of values, one value per record, and its interval beside it."""
    if not records:
        return {quantity: dict.fromkeys(values), f"{quantity}_interval": dict.fromkeys(values)}
    estimates = bands(np.array(list(values.values())).T, groups=_groups(records), seed=seed)
    found = dict(zip(values, estimates, strict=True))
    return {
        quantity: {name: estimate.mean for name, estimate in found.items()},
        f"{quantity}_interval": {name: _interval(estimate) for name, estimate in found.items()},
    }


def _interval(estimate: Estimate) -> list[float] | None:
    return None if estimate.interval is None else list(estimate.interval)


def _fails(record: ClickRecord, threshold: float) -> float:
    return float(max(record.ious, default=0.0) < threshold)


def _quantile(values: Sequence[float], share: float) -> float | None:
    return float(np.quantile(values, share)) if values else None


def _largest(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
