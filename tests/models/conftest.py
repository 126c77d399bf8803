"""Fixtures for tests of networks and their files: tiny configurations, and files in published forms."""

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from isegformer.models.config import (
    ClickNetworkConfig,
    CompactConfig,
    HrformerConfig,
    HrnetConfig,
    MlpDecoderConfig,
    SegformerConfig,
    SwinConfig,
    UnetConfig,
)

TINY: dict[str, ClickNetworkConfig] = {
    "compact": CompactConfig(widths=(4, 6, 8), depths=(1, 1, 1), attention_heads=2, decoder_widths=(4, 6)),
    "swin": SwinConfig(
        embed_channels=6, depths=(2, 1, 2), heads=(1, 2, 3), window=3, decoder=MlpDecoderConfig(channels=7)
    ),
    "swin-shared": SwinConfig(
        embed_channels=6, depths=(2, 1), heads=(1, 2), window=4, click_embedding="shared"
    ),
    "segformer": SegformerConfig(
        widths=(4, 6, 10, 16), depths=(1, 2, 1, 1), heads=(1, 2, 5, 4), decoder=MlpDecoderConfig(channels=7)
    ),
    "hrnet": HrnetConfig(width=3, context_channels=5, stem_depth=1, branch_depth=1, modules=(1, 2, 1)),
    "hrformer": HrformerConfig(
        width=4, heads=2, stem_depth=1, modules=(1, 1, 1), window=3, decoder=MlpDecoderConfig(channels=7)
    ),
    "unet": UnetConfig(widths=(4, 6, 8)),
}


@pytest.fixture(params=sorted(TINY))
def tiny_config(request: pytest.FixtureRequest) -> ClickNetworkConfig:
    """Return a configuration of each family in turn, small enough to train in a moment."""
    return TINY[request.param]


@pytest.fixture
def tiny_swin() -> SwinConfig:
    """Return the tiny Swin with two embeddings."""
    config = TINY["swin"]
    assert isinstance(config, SwinConfig)
    return config


@pytest.fixture(scope="session")
def parity_weights(parity_dir: Path) -> ModuleType:
    """Return the module that rebuilds the checkpoints behind the golden outputs."""
    spec = importlib.util.spec_from_file_location("parity_weights", parity_dir / "weights.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def parity_checkpoint(
    parity_dir: Path, parity_weights: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Return a function that writes a golden network as published and forgets the foreign package."""

    def write(name: str) -> Path:
        manifest = json.loads((parity_dir / f"{name}.json").read_text())
        path = tmp_path_factory.mktemp("parity") / f"{name}.pth"
        before = set(sys.modules)
        torch.save(parity_weights.checkpoint(manifest), path)
        for module in set(sys.modules) - before:
            del sys.modules[module]
        return path

    return write


@pytest.fixture
def published_hrnet() -> dict[str, Any]:
    """Return the config of a RITM checkpoint, as its file holds it."""
    settings = {
        "width": 18,
        "ocr_width": 48,
        "small": True,
        "with_aux_output": True,
        "use_leaky_relu": True,
        "use_rgb_conv": False,
        "use_disks": True,
        "norm_radius": 5,
        "with_prev_mask": True,
        "backbone_lr_mult": 0.1,
        "norm_layer": "torch.nn.modules.batchnorm.BatchNorm2d",
        "cpu_dist_maps": False,
        "clicks_groups": None,
        "binary_prev_mask": False,
        "norm_mean_std": [[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]],
    }
    params = {
        name: {"type": "builtin", "value": value, "specified": True} for name, value in settings.items()
    }
    return {"class": "isegm.model.is_hrnet_model.HRNetModel", "params": params}
