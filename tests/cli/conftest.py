"""Tiny volumes, tiny random networks, and a way to run the command line in this process."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from isegformer.cli.main import main
from isegformer.models import ClickNetworkConfig, Stcn, build_click_network, save_weights
from isegformer.models.config import CompactConfig
from isegformer.models.stcn_config import STCN_SMALL
from isegformer.volume import Geometry, LabelMap, write_label_map

SHAPE = (24, 20, 12)
OBLIQUE = np.array(
    [
        [-0.9 * np.cos(0.3), 0.7 * np.sin(0.3), 0.0, 11.0],
        [0.9 * np.sin(0.3), 0.7 * np.cos(0.3), 0.0, -7.5],
        [0.0, 0.0, 2.5, 30.0],
        [0.0, 0.0, 0.0, 1.0],
    ]
)
"""Turned about the long axis, the first axis flipped, uneven spacing of 0.9, 0.7 and 2.5 mm."""


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def record(self) -> dict[str, Any]:
        """Standard output as JSON."""
        return json.loads(self.out)


Run = Callable[..., Finished]


@pytest.fixture
def run(capsys) -> Run:
    """Run the command line; returns exit code and output."""

    def run_command(*arguments: object) -> Finished:
        with pytest.raises(SystemExit) as exit_info:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        code = exit_info.value.code
        return Finished(code=0 if code is None else int(code), out=captured.out, err=captured.err)

    return run_command


@pytest.fixture
def geometry() -> Geometry:
    return Geometry(SHAPE, OBLIQUE)


@pytest.fixture
def ball() -> np.ndarray:
    """Return a ball in the middle, bool (24, 20, 12)."""
    i, j, k = np.indices(SHAPE)
    return (i - 12) ** 2 + (j - 10) ** 2 + (2.5 * (k - 6)) ** 2 < 49


@pytest.fixture
def volume_file(tmp_path, geometry, ball) -> Path:
    """Write a volume with a bright ball, on an oblique and flipped grid."""
    path = tmp_path / "volume.nii.gz"
    noise = np.random.default_rng(3).integers(0, 20, SHAPE)
    write_label_map(LabelMap((ball * 100 + noise).astype(np.uint16), geometry), path)
    return path


@pytest.fixture
def clicks_file(tmp_path) -> Path:
    """Write clicks on two objects on slices 4 and 8 across axis 2."""
    path = tmp_path / "clicks.json"
    on_ball = [
        {"voxel": [12, 10, 4], "positive": True},
        {"voxel": [12, 10, 8], "positive": True},
        {"voxel": [2, 2, 8], "positive": False},
    ]
    beside = [{"voxel": [3, 3, 4], "positive": True}]
    objects = [
        {"name": "ball", "label": 2, "clicks": on_ball},
        {"name": "beside", "label": 5, "clicks": beside},
    ]
    path.write_text(json.dumps({"objects": objects}), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def tiny_click_config() -> ClickNetworkConfig:
    return CompactConfig(
        widths=(8, 8, 16), depths=(1, 1, 1), attention_depth=1, attention_heads=2, decoder_widths=(8, 8)
    )


@pytest.fixture(scope="session")
def click_weights(tmp_path_factory, tiny_click_config) -> Path:
    """Save a tiny click network with random weights that finds something: about half of a grey slice."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "click.safetensors"
    network = build_click_network(tiny_click_config).eval()
    with torch.no_grad():
        seen = network(torch.rand(1, 3, 32, 32) / 4, torch.zeros(1, 3, 32, 32))
        network.decoder.classify.bias -= seen.median()
    settings = {"zoom": {"side_px": 32, "least_side_px": 8, "before_mask": "whole_slice"}}
    save_weights(network, path, predictor=settings)
    return path


@pytest.fixture(scope="session")
def stcn_weights(tmp_path_factory) -> Path:
    """Save the small propagation network with random weights."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "stcn.safetensors"
    save_weights(Stcn(STCN_SMALL), path, dtype=torch.float16)
    return path
