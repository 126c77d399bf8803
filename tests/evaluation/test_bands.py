import numpy as np
import pytest

from isegformer.evaluation.bands import bands
from isegformer.evaluation.statistics import bootstrap_mean


def test_band_of_equal_cases_has_no_width():
    first, second = bands(np.array([[0.25, 1.0], [0.25, 1.0]]), groups=["a", "b"])
    assert (first.mean, first.low, first.high, first.n) == (0.25, 0.25, 0.25, 2)
    assert second.mean == 1.0


def test_one_group_has_no_band():
    (found,) = bands(np.array([[0.0], [1.0]]), groups=["a", "a"])
    assert (found.mean, found.interval, found.n) == (0.5, None, 2)


@pytest.mark.parametrize("n_groups", [40, 10])
def test_band_is_the_interval_of_bootstrap_mean(n_groups):
    values = np.random.default_rng(3).uniform(size=40)
    groups = [number % n_groups for number in range(40)]
    expected = bootstrap_mean(values.tolist(), groups=groups)
    _, found = bands(np.stack([values / 2, values], axis=1), groups=groups)
    width = expected.high - expected.low
    assert found.mean == pytest.approx(expected.mean)
    assert found.low == pytest.approx(expected.low, abs=0.1 * width)
    assert found.high == pytest.approx(expected.high, abs=0.1 * width)


def test_large_groups_weigh_as_many_cases_as_they_hold():
    values = np.array([[0.0], [0.0], [0.0], [1.0]])
    (found,) = bands(values, groups=["a", "a", "a", "b"])
    assert found.mean == 0.25
    assert (found.low, found.high) == (0.0, 1.0)
