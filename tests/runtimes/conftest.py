"""Tiny networks with weights that make a difference."""

import pytest
import torch

from isegformer.models import Stcn, build_click_network
from isegformer.models.config import CompactConfig
from isegformer.models.stcn_config import EncoderConfig, StcnConfig


@pytest.fixture
def click_network():
    torch.manual_seed(3)
    config = CompactConfig(widths=(4, 6, 8), depths=(1, 1, 1), attention_heads=2, decoder_widths=(4, 6))
    return build_click_network(config).eval()


@pytest.fixture
def propagation_network():
    torch.manual_seed(4)
    encoder = EncoderConfig(
        block="basic",
        norm="group",
        stem_kernel=3,
        stem_channels=8,
        widths=(8, 16, 16),
        depths=(1, 1, 1),
        has_conv_bias=False,
    )
    config = StcnConfig(
        key_encoder=encoder,
        value_encoder=encoder,
        key_channels=8,
        context_channels=8,
        value_channels=16,
        attention_reduction=4,
        decoder_channels=(12, 8, 8),
    )
    return Stcn(config).eval()
