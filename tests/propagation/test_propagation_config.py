"""Tests for isegformer.propagation.config."""

import pytest

from isegformer.errors import ConfigError
from isegformer.propagation.config import PropagatorConfig, StopRule


@pytest.mark.parametrize(
    "change",
    [
        {"area_fraction": 1.1},
        {"min_confidence": -0.1},
        {"confidence_fraction": 1.1},
        {"patience": 0},
        {"min_area_px": -1},
    ],
)
def test_stop_rules_out_of_range_are_refused(change):
    with pytest.raises(ConfigError, match="expected"):
        StopRule(**change)


@pytest.mark.parametrize(
    "name",
    ["memory_every", "top_k", "annotated_slices", "recent_slices", "block_bytes", "max_enlarged_side_px"],
)
def test_counts_below_one_are_refused(name):
    with pytest.raises(ConfigError, match=f"{name} is 0"):
        PropagatorConfig(**{name: 0})


def test_negative_budgets_are_refused():
    with pytest.raises(ConfigError, match="store_bytes -1"):
        PropagatorConfig(store_bytes=-1)
    with pytest.raises(ConfigError, match="min_side_px is 0"):
        PropagatorConfig(min_side_px=0)
