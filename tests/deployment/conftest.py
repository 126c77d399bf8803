"""Tiny networks with random weights, as files."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from isegformer.models import ClickNetworkConfig, Stcn, build_click_network, save_weights
from isegformer.models.config import (
    CompactConfig,
    HrformerConfig,
    HrnetConfig,
    MlpDecoderConfig,
    SegformerConfig,
    SwinConfig,
    UnetConfig,
)
from isegformer.models.stcn_config import EncoderConfig, StcnConfig

DECODER = MlpDecoderConfig(channels=8)
FAMILIES: dict[str, ClickNetworkConfig] = {
    "compact": CompactConfig(
        widths=(8, 8, 16), depths=(1, 1, 1), attention_depth=1, attention_heads=2, decoder_widths=(8, 8)
    ),
    "swin": SwinConfig(embed_channels=6, depths=(2, 2), heads=(1, 2), window=3, decoder=DECODER),
    "segformer": SegformerConfig(
        widths=(4, 6, 10, 16), depths=(1, 1, 1, 1), heads=(1, 2, 5, 4), decoder=DECODER
    ),
    "hrnet": HrnetConfig(width=3, context_channels=5, stem_depth=1, branch_depth=1, modules=(1, 1, 1)),
    "hrformer": HrformerConfig(
        width=4, heads=2, stem_depth=1, branch_depth=1, modules=(1, 1, 1), window=3, decoder=DECODER
    ),
    "unet": UnetConfig(widths=(4, 6, 8)),
}
PREDICTOR = {"zoom": {"side_px": 64, "before_mask": "whole_slice"}, "first_looks": 2}


@pytest.fixture(scope="session")
def click_weights(tmp_path_factory) -> Callable[[str], Path]:
    """Return a function that saves a tiny click network of a family; it heeds image and clicks."""

    def save(family: str) -> Path:
        path = tmp_path_factory.mktemp("weights") / f"{family}.safetensors"
        torch.manual_seed(4)
        network = build_click_network(FAMILIES[family])
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(torch.randn_like(parameter), alpha=0.1)
        save_weights(network, path, predictor=PREDICTOR)
        return path

    return save


@pytest.fixture(scope="session")
def stcn_weights(tmp_path_factory) -> Path:
    """Save a tiny propagation network with a skip at every scale."""
    encoder = EncoderConfig(
        block="basic",
        norm="group",
        stem_kernel=3,
        stem_channels=8,
        widths=(8, 16, 24),
        depths=(1, 1, 1),
        has_conv_bias=False,
    )
    config = StcnConfig(
        key_encoder=encoder,
        value_encoder=encoder,
        key_channels=6,
        context_channels=10,
        value_channels=16,
        attention_reduction=4,
        decoder_channels=(12, 10, 8, 6),
    )
    torch.manual_seed(4)
    path = tmp_path_factory.mktemp("weights") / "stcn.safetensors"
    save_weights(Stcn(config), path)
    return path
