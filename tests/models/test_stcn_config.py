"""Tests for isegformer.models.stcn_config."""

from dataclasses import replace

import pytest

from isegformer.errors import ConfigError
from isegformer.models.stcn import Stcn
from isegformer.models.stcn_config import STCN_PUBLISHED, STCN_SMALL


def test_out_channels_of_bottlenecks_are_four_times_their_width():
    assert STCN_PUBLISHED.key_encoder.out_channels == (256, 512, 1024)
    assert STCN_PUBLISHED.value_encoder.out_channels == (64, 128, 256)


def test_small_variant_has_at_most_six_million_parameters():
    assert sum(parameter.numel() for parameter in Stcn(STCN_SMALL).parameters()) <= 6_000_000


@pytest.mark.parametrize(
    "change", [{"stem_kernel": 4}, {"depths": (2, 0, 2)}, {"stem_channels": 12}, {"widths": (48, 90, 192)}]
)
def test_encoder_values_that_cannot_be_built_are_refused(change):
    with pytest.raises(ConfigError, match="expected"):
        replace(STCN_SMALL.key_encoder, **change)


@pytest.mark.parametrize(
    "change",
    [{"decoder_channels": (128,)}, {"decoder_channels": (8, 8, 8, 8, 8)}, {"attention_reduction": 7}],
)
def test_network_values_that_cannot_be_built_are_refused(change):
    with pytest.raises(ConfigError, match="expected"):
        replace(STCN_SMALL, **change)
