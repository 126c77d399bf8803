import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isegformer.errors import ConfigError, ShapeMismatchError
from isegformer.evaluation import Estimate, bootstrap_mean, paired_difference

VALUES = st.lists(st.floats(-20, 20).map(lambda value: round(value, 2)), min_size=1, max_size=12)


def test_equal_values_leave_no_doubt():
    assert bootstrap_mean([4.0, 4.0, 4.0]) == Estimate(mean=4.0, low=4.0, high=4.0, n=3)


def test_one_value_or_one_group_has_no_interval():
    assert bootstrap_mean([2.5]) == Estimate(mean=2.5, low=None, high=None, n=1)
    together = bootstrap_mean([1.0, 2.0, 6.0], groups=["a", "a", "a"])
    assert together == Estimate(mean=3.0, low=None, high=None, n=3)
    assert together.interval is None
    assert bootstrap_mean([4.0, 4.0]).interval == (4.0, 4.0)


def test_two_values_give_every_mean_that_can_be_drawn():
    """Of 0 and 1, two draws have the mean 0, 1/2 or 1 with probability 1/4, 1/2 and 1/4."""
    assert bootstrap_mean([0.0, 1.0]) == Estimate(mean=0.5, low=0.0, high=1.0, n=2)
    assert bootstrap_mean([0.0, 1.0], level=0.2) == Estimate(mean=0.5, low=0.5, high=0.5, n=2)


def test_the_interval_of_many_values_is_that_of_the_normal_distribution():
    """200 zeros and 200 ones: the standard error is 0.5 / sqrt(400) = 0.025, times 1.96 to either side."""
    estimate = bootstrap_mean([0.0, 1.0] * 200)
    assert estimate.mean == 0.5
    assert estimate.low == pytest.approx(0.5 - 0.049, abs=0.004)
    assert estimate.high == pytest.approx(0.5 + 0.049, abs=0.004)


def test_the_interval_of_few_values_is_as_wide_as_students():
    """0, 1, ..., 9: the standard error is 3.0277 / sqrt(10) = 0.957, times 2.262 (9 degrees of freedom)."""
    estimate = bootstrap_mean(list(range(10)))
    assert estimate.high - estimate.low == pytest.approx(2 * 2.262 * 0.957, rel=0.03)


def test_a_higher_level_gives_a_wider_interval():
    values = list(range(30))
    narrow, wide = bootstrap_mean(values, level=0.5), bootstrap_mean(values, level=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_values_of_one_group_are_drawn_together():
    """Two groups of equal values are two observations, however many values they hold."""
    values, groups = [0.0] * 50 + [1.0] * 50, ["a"] * 50 + ["b"] * 50
    grouped = bootstrap_mean(values, groups=groups)
    assert (grouped.mean, grouped.low, grouped.high, grouped.n) == (0.5, 0.0, 1.0, 100)
    assert bootstrap_mean(values).low > 0.3


def test_a_group_weighs_as_many_values_as_it_has():
    """Drawn are 'a' twice (mean 0), both (3 of 4 values are 4, mean 3) or 'b' twice (mean 4)."""
    estimate = bootstrap_mean([0.0, 4.0, 4.0, 4.0], groups=["a", "b", "b", "b"], level=0.2)
    assert (estimate.mean, estimate.low, estimate.high) == (3.0, 3.0, 3.0)


@given(VALUES, st.integers(0, 5), st.randoms())
def test_the_order_of_the_cases_changes_no_digit(values, seed, random):
    shuffled = random.sample(values, len(values))
    assert bootstrap_mean(values, seed=seed, resamples=50) == bootstrap_mean(
        shuffled, seed=seed, resamples=50
    )


@given(VALUES)
def test_the_interval_stays_within_the_values_and_in_order(values):
    estimate = bootstrap_mean([*values, values[0]], resamples=50)
    assert min(values) - 1e-9 <= estimate.low <= estimate.high <= max(values) + 1e-9
    assert estimate.mean == pytest.approx(np.mean([*values, values[0]]), abs=1e-9)


def test_another_seed_gives_another_interval_around_the_same_mean():
    values = [1, 2, 4, 8, 16, 3, 5, 7]
    first, second = bootstrap_mean(values, seed=1), bootstrap_mean(values, seed=2)
    assert first == bootstrap_mean(values, seed=1)
    assert first.mean == second.mean
    assert (first.low, first.high) != (second.low, second.high)


def test_pairs_show_a_difference_that_hides_behind_the_spread_of_the_cases():
    a = [2.0, 20.0, 7.0, 12.0]
    b = [3.0, 21.0, 8.0, 13.0]
    assert paired_difference(a, b) == Estimate(mean=1.0, low=1.0, high=1.0, n=4)
    assert paired_difference(b, a) == Estimate(mean=-1.0, low=-1.0, high=-1.0, n=4)
    assert bootstrap_mean(a).high > bootstrap_mean(b).low


def test_pairs_are_grouped_too():
    estimate = paired_difference([0, 0, 0, 0], [2, 2, 0, 0], groups=["a", "a", "b", "b"])
    assert (estimate.mean, estimate.low, estimate.high) == (1.0, 0.0, 2.0)


def test_pairs_of_two_lengths_are_refused():
    with pytest.raises(ShapeMismatchError, match="1 values, expected 2"):
        paired_difference([1.0, 2.0], [1.0])


def test_a_group_for_every_value_is_required():
    with pytest.raises(ShapeMismatchError, match="1 groups, expected 2"):
        bootstrap_mean([1.0, 2.0], groups=["a"])


@pytest.mark.parametrize(
    ("values", "settings", "message"),
    [
        ([], {}, "no values"),
        ([1.0, float("nan")], {}, "nan.*finite"),
        ([1.0], {"resamples": 0}, "resamples is 0"),
        ([1.0], {"level": 1.0}, "level is 1.0"),
        ([1.0], {"level": 0.0}, "level is 0.0"),
    ],
)
def test_what_has_no_interval_is_refused(values, settings, message):
    with pytest.raises(ConfigError, match=message):
        bootstrap_mean(values, **settings)
