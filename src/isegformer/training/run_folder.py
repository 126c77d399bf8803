"""The folder of one training run: what was asked, with what, how it went, and what came out.

::

    config.yaml       every number of the run
    versions.json     versions of the packages and the machine
    metrics.jsonl     loss, learning rate, share of time spent waiting for data, and time by step
    checkpoints/      to resume from
    weights.safetensors
"""

import importlib.metadata
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import yaml

from isegformer.atomic import replace_atomically
from isegformer.errors import ConfigError
from isegformer.training.config import to_record

PACKAGES = ("isegformer", "torch", "lightning", "monai", "numpy", "opencv-python-headless", "SimpleITK")


class RunFolder:
    """Names and writes the files of a run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config_file = path / "config.yaml"
        self.versions_file = path / "versions.json"
        self.metrics_file = path / "metrics.jsonl"
        self.checkpoints = path / "checkpoints"
        self.weights_file = path / "weights.safetensors"

    @property
    def last_checkpoint(self) -> Path:
        """Return where the newest checkpoint lies; it need not exist."""
        return self.checkpoints / "last.ckpt"

    def newest_checkpoint(self) -> Path:
        """Return the checkpoint to go on from; ConfigError where there is none."""
        if not self.last_checkpoint.is_file():
            raise ConfigError(f"{self.checkpoints} holds no checkpoint; start the run anew in another folder")
        return self.last_checkpoint

    def create(self, config: Any) -> None:
        """Make the folder and write what the run is made of.

        Raises
        ------
        ConfigError : the folder holds another run
        WriteError : a file cannot be written
        """
        if self.config_file.exists():
            raise ConfigError(f"{self.path} holds a run already; resume it, or choose another folder")
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        with replace_atomically(self.config_file) as temporary:
            temporary.write_text(yaml.safe_dump(to_record(config), sort_keys=False), encoding="utf-8")
        with replace_atomically(self.versions_file) as temporary:
            temporary.write_text(json.dumps(versions(), indent=2), encoding="utf-8")


def versions() -> Mapping[str, Any]:
    """Return the versions of the packages that matter to a run, and what it runs on."""
    installed = {
        distribution.metadata["Name"]: distribution.version
        for distribution in importlib.metadata.distributions()
    }
    return {
        "packages": {name: installed.get(name) for name in PACKAGES},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }
