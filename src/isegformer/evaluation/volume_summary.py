"""From the records of volumes to the numbers that are reported, as JSON; see docs/evaluation.md."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from isegformer.evaluation.records import VolumeRecord
from isegformer.evaluation.statistics import Estimate, bootstrap_mean, paired_difference
from isegformer.evaluation.volume_metrics import METRICS

FORMAT = 1
"""Of the JSON document; rises when a reader of older ones would be misled."""


def volume_summary(
    records: Sequence[VolumeRecord],
    *,
    datasets: Sequence[str],
    methods: Sequence[str],
    peers: Sequence[str] = (),
    settings: Mapping[str, int | None],
    seed: int = 0,
) -> dict[str, Any]:
    """Return what is reported of the records: numbers of every method on every dataset, and what failed.

    Parameters
    ----------
    datasets, methods, peers : names, in the order of the report; the first method is the one that "datasets"
        shows and that all others are compared with
    settings : names of the choices of given slices, and how many slices each asks for; None for a list
    seed : of the bootstrap
    """
    by_method = {
        method: {
            dataset: [r for r in records if (r.key.method, r.key.dataset) == (method, dataset)]
            for dataset in datasets
        }
        for method in (*methods, *peers)
    }
    unusable = [record for record in records if not record.key.method]
    n_unusable = {dataset: sum(record.key.dataset == dataset for record in unusable) for dataset in datasets}
    summaries = {
        method: {
            dataset: _summary(measured, settings=settings, n_unusable=n_unusable[dataset], seed=seed)
            for dataset, measured in by_dataset.items()
        }
        for method, by_dataset in by_method.items()
    }
    return {
        "datasets": {
            dataset: {
                **summaries[methods[0]][dataset],
                "peers": {peer: summaries[peer][dataset] for peer in peers},
            }
            for dataset in datasets
        },
        "methods": summaries,
        "differences": [
            _difference(by_method, methods[0], method, dataset=dataset, setting=setting, seed=seed)
            for dataset in datasets
            for method in (*methods[1:], *peers)
            for setting in settings
            if _pairs(by_method[methods[0]][dataset], by_method[method][dataset], setting)
        ],
        "failed": failures(records),
    }


def _summary(
    records: Sequence[VolumeRecord], *, settings: Mapping[str, int | None], n_unusable: int, seed: int
) -> dict[str, Any]:
    """Return the numbers of one method on one dataset; None where there is no case to take them from."""
    measured = [record for record in records if record.error is None]
    by_setting = {name: [r for r in measured if r.key.setting == name] for name in settings}
    estimates = {
        name: {metric: _estimate(of_setting, metric, seed=seed) for metric in METRICS}
        for name, of_setting in by_setting.items()
    }
    seconds = [record.seconds for record in measured]
    return {
        "cases": len(_objects(measured)),
        "volumes": len({record.key.case for record in measured}),
        "dice": {name: _mean(found["dice"]) for name, found in estimates.items()},
        "dice_interval": {name: _interval(found["dice"]) for name, found in estimates.items()},
        "metrics": _each(estimates, _mean),
        "metrics_interval": _each(estimates, _interval),
        "undefined": {
            name: {metric: sum(r.metrics[metric] is None for r in of_setting) for metric in METRICS}
            for name, of_setting in by_setting.items()
        },
        "measured": {name: len(of_setting) for name, of_setting in by_setting.items()},
        "slices_used": {
            name: float(np.mean([len(r.annotated) for r in of_setting])) if of_setting else None
            for name, of_setting in by_setting.items()
        },
        "fewer_slices": {
            name: sum(len(r.annotated) < asked for r in by_setting[name])
            for name, asked in settings.items()
            if asked is not None
        },
        "seconds": {"median": _quantile(seconds, 0.5), "p95": _quantile(seconds, 0.95)},
        "failed_cases": len(_objects([r for r in records if r.error is not None])) + n_unusable,
    }


def _difference(
    by_method: Mapping[str, Mapping[str, Sequence[VolumeRecord]]],
    first: str,
    other: str,
    *,
    dataset: str,
    setting: str,
    seed: int,
) -> dict[str, Any]:
    """Return how much higher the Dice of a method is than that of the first, over the objects of both."""
    pairs = _pairs(by_method[first][dataset], by_method[other][dataset], setting)
    estimate = paired_difference(
        [_dice(pair[0]) for pair in pairs],
        [_dice(pair[1]) for pair in pairs],
        groups=[pair[0].key.case for pair in pairs],
        seed=seed,
    )
    return {
        "dataset": dataset,
        "methods": [first, other],
        "quantity": f"dice@{setting}",
        "mean": estimate.mean,
        "low": estimate.low,
        "high": estimate.high,
        "n": estimate.n,
    }


def _pairs(
    a: Sequence[VolumeRecord], b: Sequence[VolumeRecord], setting: str
) -> list[tuple[VolumeRecord, VolumeRecord]]:
    """Return the records of the same objects, where both hold measurements, in the order of `a`."""
    found = {
        (record.key.case, record.key.label): record
        for record in b
        if record.error is None and record.key.setting == setting
    }
    return [
        (record, found[record.key.case, record.key.label])
        for record in a
        if record.error is None
        and record.key.setting == setting
        and (record.key.case, record.key.label) in found
    ]


def _estimate(records: Sequence[VolumeRecord], metric: str, *, seed: int) -> Estimate | None:
    """Return the mean of a metric where it is defined, volumes drawn as wholes; None where it never is."""
    defined = [(value, r.key.case) for r in records if (value := r.metrics[metric]) is not None]
    if not defined:
        return None
    values, cases = zip(*defined, strict=True)
    return bootstrap_mean(values, groups=cases, seed=seed)


def _each(
    estimates: Mapping[str, Mapping[str, Estimate | None]], part: Callable[[Estimate | None], Any]
) -> dict[str, dict[str, Any]]:
    """Return one part of every estimate, by choice of slices and metric."""
    return {
        name: {metric: part(estimate) for metric, estimate in found.items()}
        for name, found in estimates.items()
    }


def _mean(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.mean


def _interval(estimate: Estimate | None) -> list[float] | None:
    return None if estimate is None or estimate.interval is None else list(estimate.interval)


def _dice(record: VolumeRecord) -> float:
    value = record.metrics["dice"]
    assert value is not None, "Dice is always defined"
    return value


def _objects(records: Sequence[VolumeRecord]) -> set[tuple[str, int]]:
    return {(record.key.case, record.key.label) for record in records}


def failures(records: Sequence[VolumeRecord]) -> list[dict[str, Any]]:
    """Return what failed, and why."""
    return [_failure(record) for record in records if record.error is not None]


def _failure(record: VolumeRecord) -> dict[str, Any]:
    key = record.key
    return {
        "dataset": key.dataset,
        "case": key.case,
        "label": key.label,
        "method": key.method,
        "setting": key.setting,
        "error": record.error,
    }


def _quantile(values: Sequence[float], share: float) -> float | None:
    return float(np.quantile(values, share)) if values else None
