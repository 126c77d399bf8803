"""What `isegformer train` does; apart from its command so that `--help` imports nothing heavy."""

import logging
import os
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from isegformer.cli.extras import require_extra
from isegformer.cli.reporter import Reporter
from isegformer.errors import ConfigError

MODULES = ("lightning", "monai")


@dataclass(frozen=True, kw_only=True)
class TrainRequest:
    """What the command line asks for."""

    config: Path | None
    """None resumes the run in `run`."""
    data: Path
    run: Path
    weights: str | None
    device: str


def run_train(request: TrainRequest, *, is_json: bool) -> None:
    """Train and report the weights file; raises IsegformerError where that cannot be done."""
    require_extra("train", modules=MODULES)
    _restrict_devices(request.device)
    logging.getLogger("isegformer").setLevel(logging.INFO)
    with redirect_stdout(sys.stderr):  # the bars of lightning; standard output is for the result
        weights = _resume(request) if request.config is None else _start(request, request.config)
    Reporter(is_json=is_json).result({"run": str(request.run), "weights": str(weights)})


def _start(request: TrainRequest, path: Path) -> Path:
    from isegformer.training.config import (
        ClickTrainingConfig,
        PropagationTrainingConfig,
        read_config,
    )

    overrides = {} if request.weights is None else {"start_from": request.weights}
    if _is_propagation(path):
        from isegformer.training.propagation_run import train_propagation

        propagation = read_config(path, PropagationTrainingConfig, overrides=overrides)
        return train_propagation(propagation, data_root=request.data, run_path=request.run)
    from isegformer.training.click_run import train_clicks

    config = read_config(path, ClickTrainingConfig, overrides=overrides)
    return train_clicks(config, data_root=request.data, run_path=request.run)


def _resume(request: TrainRequest) -> Path:
    if _is_propagation(request.run / "config.yaml"):
        from isegformer.training.propagation_run import resume_propagation

        return resume_propagation(request.run, data_root=request.data)
    from isegformer.training.click_run import resume_clicks

    return resume_clicks(request.run, data_root=request.data)


def _is_propagation(path: Path) -> bool:
    """Tell from the architecture that a configuration names which kind of network it trains."""
    try:
        record: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot read configuration {path}: {error}") from error
    return isinstance(record, dict) and str(record.get("architecture", "")).startswith("stcn")


def _restrict_devices(device: str) -> None:
    """Show the trainer, which takes what it sees, only the wanted accelerator; before torch looks for any."""
    kind, _, index = device.partition(":")
    if kind == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    elif kind == "cuda" and index:
        os.environ["CUDA_VISIBLE_DEVICES"] = index
    elif device not in ("auto", "cuda", "mps"):
        raise ConfigError(f"device is {device!r}, expected auto, cpu, cuda, cuda:1, ... or mps")
