"""How sure is a mean? Bootstrap intervals over cases, and of the difference of two methods on the same cases.

The interval is the percentile interval, expanded for few cases: plain percentiles are as narrow as if the
normal distribution stood in place of Student's, so the quantiles are moved outwards by the ratio of the two.
Numbers of clicks are skewed and end at 20. Of simulated ones (geometric, mean 4) a 95 % interval still held
the true mean only 90 % of the time with 10 cases, and 92 % with 50.

Source: Hesterberg, What Teachers Should Know About the Bootstrap (2015), The American Statistician 69(4).
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

from isegformer.errors import ConfigError, ShapeMismatchError

RESAMPLES = 2000
"""Draws of an interval; its ends then vary with the seed by about a hundredth of its width."""
LEVEL = 0.95
"""Share of repetitions of the whole experiment whose interval would hold the true mean."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean and the interval in which the true mean lies."""

    mean: float
    low: float | None
    """Lower end of the interval; None where a single image or volume was measured, which says nothing of
    how much others differ."""
    high: float | None
    """Upper end of the interval; None likewise."""
    n: int
    """Number of values."""

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return both ends, or None."""
        return None if self.low is None or self.high is None else (self.low, self.high)


def bootstrap_mean(
    values: Sequence[float],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    groups: Sequence[Hashable] | None = None,
) -> Estimate:
    """Return the mean of `values` with its bootstrap interval; the order of the values does not matter.

    Parameters
    ----------
    values : one per object, finite, at least one
    seed : of the draws; equal values and seeds give equal intervals
    resamples : number of draws
    level : of the interval, in (0, 1)
    groups : which values belong together, as objects of one image or slices of one patient do; groups are
        drawn as wholes. By default every value stands alone, and values that resemble each other make the
        interval too narrow. A single group has no interval.

    Raises
    ------
    ConfigError : no value, one that is not finite, or `resamples` or `level` out of range
    ShapeMismatchError : not one group per value

    Examples
    --------
    >>> bootstrap_mean([3.0, 3.0])
    Estimate(mean=3.0, low=3.0, high=3.0, n=2)
    """
    array = np.asarray(values, dtype=np.float64)
    _check(array, resamples=resamples, level=level)
    sums, counts = _group_totals(array, range(len(array)) if groups is None else groups)
    mean = float(sums.sum() / counts.sum())
    if len(sums) == 1:
        return Estimate(mean=mean, low=None, high=None, n=len(array))
    rng = np.random.default_rng(seed)
    means = np.empty(resamples)
    for number in range(resamples):  # one draw at a time: all at once, of 10,000 cases, would take 160 MB
        drawn = rng.integers(len(sums), size=len(sums))
        means[number] = sums[drawn].sum() / counts[drawn].sum()
    tail = tail_share(len(sums), level=level)
    low, high = np.quantile(means, [tail, 1 - tail])
    return Estimate(mean=mean, low=float(low), high=float(high), n=len(array))


def paired_difference(
    a: Sequence[float],
    b: Sequence[float],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    groups: Sequence[Hashable] | None = None,
) -> Estimate:
    """Return the mean of b - a over the same cases in the same order, with its bootstrap interval.

    An interval without 0 says that the methods differ. Parameters and errors as in `bootstrap_mean`.

    Raises
    ------
    ShapeMismatchError : `a` and `b` are not of one length

    Examples
    --------
    >>> paired_difference([1.0, 5.0], [3.0, 7.0]).low
    2.0
    """
    if len(a) != len(b):
        raise ShapeMismatchError(f"b has {len(b)} values, expected {len(a)}, one for each value of a")
    differences = np.asarray(b, dtype=np.float64) - np.asarray(a, dtype=np.float64)
    return bootstrap_mean(differences.tolist(), seed=seed, resamples=resamples, level=level, groups=groups)


def _check(values: NDArray[np.float64], *, resamples: int, level: float) -> None:
    if len(values) == 0:
        raise ConfigError("no values, expected at least one")
    if not np.isfinite(values).all():
        worst = values[~np.isfinite(values)][0]
        raise ConfigError(f"a value is {worst}, expected finite numbers; leave out cases that failed")
    if resamples < 1:
        raise ConfigError(f"resamples is {resamples}, expected at least 1")
    if not 0 < level < 1:
        raise ConfigError(f"level is {level}, expected between 0 and 1")


def tail_share(n: int, *, level: float) -> float:
    """Return which share of the drawn means of `n` observations, at least 2, lies below the interval."""
    return float(norm.cdf(np.sqrt(n / (n - 1)) * t.ppf((1 - level) / 2, df=n - 1)))


def _group_totals(
    values: NDArray[np.float64], groups: Sequence[Hashable]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sum and the number of the values of each group, in an order that depends on nothing else."""
    if len(groups) != len(values):
        raise ShapeMismatchError(f"{len(groups)} groups, expected {len(values)}, one for each value")
    members: dict[Hashable, list[float]] = {}
    for value, group in zip(values.tolist(), groups, strict=True):
        members.setdefault(group, []).append(value)
    # Sorted before they are added up, so that parallel workers, which finish in any order, change no digit.
    totals = sorted((sum(sorted(member)), len(member)) for member in members.values())
    return np.array([total for total, _ in totals]), np.array([float(number) for _, number in totals])
