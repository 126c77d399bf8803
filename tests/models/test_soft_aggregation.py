"""Tests for isegformer.models.soft_aggregation."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from isegformer.models.soft_aggregation import soft_aggregate


@pytest.mark.parametrize(
    ("probability", "expected"),
    [
        # one object: odds p / (1 - p) against odds (1 - p) / p
        ([0.5], [0.5, 0.5]),
        ([0.75], [1 / 10, 9 / 10]),
        # two objects of 0.5: background 0.25 has odds 1/3, the objects 1 each
        ([0.5, 0.5], [1 / 7, 3 / 7, 3 / 7]),
        ([0.0, 0.0], [1.0, 0.0, 0.0]),
        ([1.0, 0.0], [0.0, 1.0, 0.0]),
    ],
)
def test_known_answers(probability, expected):
    result = soft_aggregate(torch.tensor(probability).view(-1, 1, 1))
    torch.testing.assert_close(result.flatten(), torch.tensor(expected), rtol=1e-5, atol=1e-6)


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=6))
def test_result_is_a_distribution_and_follows_the_order_of_objects(values):
    probability = torch.tensor(values).view(-1, 1)
    result = soft_aggregate(probability)
    assert torch.isfinite(result).all()
    torch.testing.assert_close(result.sum(dim=0), torch.ones(1))
    torch.testing.assert_close(soft_aggregate(probability.flip(0))[1:].flip(0), result[1:])
