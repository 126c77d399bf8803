"""What `isegformer train` does; apart from its command so that `--help` imports nothing heavy."""

import logging
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from isegformer.cli.extras import require_extra
from isegformer.cli.reporter import Reporter
from isegformer.errors import ConfigError

if TYPE_CHECKING:
    from isegformer.training.hardware import Hardware

MODULES = ("lightning", "monai", "skimage")


@dataclass(frozen=True, kw_only=True)
class TrainRequest:
    """What the command line asks for."""

    config: Path | None
    """None resumes the run in `run`."""
    data: Path
    run: Path
    weights: str | None
    values: Mapping[str, Any]
    """In place of those of `config`."""
    device: str
    devices: int
    num_nodes: int


def run_train(request: TrainRequest, *, is_json: bool) -> None:
    """Train and report the weights file; raises IsegformerError where that cannot be done."""
    require_extra("train", modules=MODULES)
    from isegformer.training.hardware import Hardware, is_first_process

    hardware = Hardware(device=request.device, devices=request.devices, num_nodes=request.num_nodes)
    logging.getLogger("isegformer").setLevel(logging.INFO)
    quiet_trainer()
    with redirect_stdout(sys.stderr):  # the bars of lightning; standard output is for the result
        if request.config is None:
            weights = _resume(request, hardware)
        else:
            weights = _start(request, request.config, hardware)
    if is_first_process():
        Reporter(is_json=is_json).result({"run": str(request.run), "weights": str(weights)})


def quiet_trainer() -> None:
    """Keep from a person what Lightning says of hardware and its own services; warnings come through."""
    import lightning  # noqa: F401  sets the level when it is imported, so that has to be before

    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)


def _start(request: TrainRequest, path: Path, hardware: "Hardware") -> Path:
    from isegformer.training.config import (
        ClickTrainingConfig,
        PropagationTrainingConfig,
        read_config,
    )

    overrides = dict(request.values)
    if request.weights is not None:
        overrides["start_from"] = request.weights
    if _is_propagation(path):
        from isegformer.training.propagation_run import train_propagation

        propagation = read_config(path, PropagationTrainingConfig, overrides=overrides)
        return train_propagation(propagation, data_root=request.data, run_path=request.run, hardware=hardware)
    from isegformer.training.click_run import train_clicks

    config = read_config(path, ClickTrainingConfig, overrides=overrides)
    return train_clicks(config, data_root=request.data, run_path=request.run, hardware=hardware)


def _resume(request: TrainRequest, hardware: "Hardware") -> Path:
    if _is_propagation(request.run / "config.yaml"):
        from isegformer.training.propagation_run import resume_propagation

        return resume_propagation(request.run, data_root=request.data, hardware=hardware)
    from isegformer.training.click_run import resume_clicks

    return resume_clicks(request.run, data_root=request.data, hardware=hardware)


def _is_propagation(path: Path) -> bool:
    """Tell from the architecture that a configuration names which kind of network it trains."""
    try:
        record: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot read configuration {path}: {error}") from error
    return isinstance(record, dict) and str(record.get("architecture", "")).startswith("stcn")
