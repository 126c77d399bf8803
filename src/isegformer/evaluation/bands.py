"""Bootstrap intervals of whole curves: cases are drawn once for all points of a curve."""

from collections.abc import Hashable, Sequence

import numpy as np

from isegformer.evaluation.statistics import LEVEL, Estimate, tail_share
from isegformer.types import AnyArray

RESAMPLES = 500
"""Draws of a band: its ends vary with the seed by about a fiftieth of its width."""


def bands(values: AnyArray, *, groups: Sequence[Hashable], seed: int = 0) -> tuple[Estimate, ...]:
    """Return the mean of every column with its bootstrap interval.

    The same as `statistics.bootstrap_mean` of each column, but for the draws: a chart has some hundred
    points, and one at a time they would take longer than everything else in a report.

    Parameters
    ----------
    values : float, (cases, points)
    groups : which cases belong together, one for each; groups are drawn as wholes, a single one has no
        interval

    Examples
    --------
    >>> bands(np.array([[0.5, 1.0], [0.5, 1.0]]), groups=["a", "b"])[1]
    Estimate(mean=1.0, low=1.0, high=1.0, n=2)
    """
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    group_of = np.array([numbers[group] for group in groups])
    sums = np.zeros((len(numbers), values.shape[1]))  # (groups, points)
    np.add.at(sums, group_of, values)
    counts = np.bincount(group_of)  # (groups,)
    if len(numbers) == 1:
        return tuple(
            Estimate(mean=float(mean), low=None, high=None, n=len(values)) for mean in values.mean(axis=0)
        )
    rng = np.random.default_rng(seed)
    times = rng.multinomial(len(numbers), np.full(len(numbers), 1 / len(numbers)), size=RESAMPLES)
    means = times @ sums / (times @ counts)[:, np.newaxis]  # (draws, points)
    tail = tail_share(len(numbers), level=LEVEL)
    lows, highs = np.quantile(means, [tail, 1 - tail], axis=0)
    return tuple(
        Estimate(mean=float(mean), low=float(low), high=float(high), n=len(values))
        for mean, low, high in zip(values.mean(axis=0), lows, highs, strict=True)
    )
