"""One training run, from its configuration to a weights file, whatever it trains.

What differs between click and propagation networks is a `RunKind`: see `click_run` and `propagation_run`.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from torch import nn
from torch.utils.data import Dataset

from isegformer.errors import ConfigError
from isegformer.models import save_weights
from isegformer.training.config import RunConfig, read_config
from isegformer.training.data_wait import DataWait
from isegformer.training.fitting import RunData, fit, new_trainer
from isegformer.training.hardware import Hardware
from isegformer.training.memory import advice_on_memory
from isegformer.training.norms import set_training_mode
from isegformer.training.run_folder import RunFolder
from isegformer.training.sources import SliceSource, open_sources

logger = logging.getLogger(__name__)

Config = TypeVar("Config", bound=RunConfig)
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True, kw_only=True)
class RunKind(Generic[Config, Network]):
    """What a kind of run trains, on what."""

    config: type[Config]
    """Its configuration."""
    samples: Callable[[Sequence[SliceSource], Config], Dataset[Any]]
    """Makes its samples from the sources."""
    collate: Callable[[list[Any]], Any]
    """Makes a batch of samples."""
    network: Callable[[Config], Network]
    """Makes the network to train, from random numbers or from `start_from`."""
    module: Callable[[Network, Config], L.LightningModule]
    """Makes what trains the network."""
    predictor: Callable[[Config], Mapping[str, Any] | None]
    """Says how the network is to be asked in use; travels with the weights."""


def start(
    kind: RunKind[Config, Network],
    config: Config,
    *,
    data_root: Path,
    run_path: Path,
    hardware: Hardware,
    callbacks: Sequence[Callback],
) -> Path:
    """Train a network in a new folder and return its weights file.

    Raises
    ------
    ConfigError : `run_path` holds another run, or the hardware is not there
    DatasetError : a source does not have the expected form
    CheckpointError, WeightsNotFoundError : the weights to start from cannot be used; no folder is made
    TrainingMemoryError : the batch does not fit into the memory
    """
    folder = RunFolder(run_path)
    sources = open_sources(config, data_root=data_root)
    run = _Run(kind, config, sources=sources, folder=folder, hardware=hardware, callbacks=callbacks)
    if run.trainer.is_global_zero:
        folder.create(config)
    return run.finish(checkpoint=None)


def resume(
    kind: RunKind[Config, Network],
    run_path: Path,
    *,
    data_root: Path,
    hardware: Hardware,
    callbacks: Sequence[Callback],
) -> Path:
    """Go on with the run in a folder from its newest checkpoint and return its weights file.

    Raises
    ------
    ConfigError : there is no run to resume; and as for `start`
    """
    folder = RunFolder(run_path)
    config = read_config(folder.config_file, kind.config)
    checkpoint = folder.newest_checkpoint()
    sources = open_sources(config, data_root=data_root)
    run = _Run(kind, config, sources=sources, folder=folder, hardware=hardware, callbacks=callbacks)
    return run.finish(checkpoint=checkpoint)


def train_leg(
    kind: RunKind[Config, Network],
    config: Config,
    *,
    sources: Sequence[SliceSource],
    run_path: Path,
    hardware: Hardware,
    until_step: int,
) -> Path:
    """Train to a step short of the last, from the newest checkpoint where there is one; return the weights.

    The learning rate is that of the whole run, so that legs end to end are the run itself.

    Parameters
    ----------
    sources : what samples are drawn from, one for each entry of `config.train`
    until_step : a multiple of `config.checkpoint_every`, so that the next leg finds where this one ended

    Raises
    ------
    ConfigError : `run_path` holds a run of other values; and as for `start`
    """
    assert until_step % config.checkpoint_every == 0
    folder = RunFolder(run_path)
    is_new = not folder.config_file.exists()
    if not is_new and read_config(folder.config_file, kind.config) != config:
        raise ConfigError(f"{run_path} holds a run of other values; choose another folder")
    checkpoint = folder.last_checkpoint if folder.last_checkpoint.is_file() else None
    run = _Run(
        kind, config, sources=sources, folder=folder, hardware=hardware, callbacks=(), until_step=until_step
    )
    if is_new:
        folder.create(config)
    return run.finish(checkpoint=checkpoint)


class _Run(Generic[Config, Network]):
    """The built parts of a run; building them writes nothing, so that a failed start leaves nothing."""

    def __init__(
        self,
        kind: RunKind[Config, Network],
        config: Config,
        *,
        sources: Sequence[SliceSource],
        folder: RunFolder,
        hardware: Hardware,
        callbacks: Sequence[Callback],
        until_step: int | None = None,
    ) -> None:
        self._kind, self._config, self._folder = kind, config, folder
        samples = kind.samples(sources, config)
        wait = DataWait()
        self._data = RunData(samples, collate=kind.collate, config=config, wait=wait)
        L.seed_everything(config.seed, verbose=False)
        self._network = kind.network(config)
        # Convolutions are 1.2 to 1.6 x faster so on CPUs, and use the tensor cores of GPUs.
        _arrange(self._network, torch.channels_last)
        # Loaded weights come in evaluation mode, and the trainer keeps the modes that it finds.
        set_training_mode(self._network, norm_statistics=config.norm_statistics)
        self.trainer = new_trainer(
            config,
            folder=folder,
            hardware=hardware,
            wait=wait,
            callbacks=callbacks,
            last_step=until_step or config.steps,
        )

    def finish(self, *, checkpoint: Path | None) -> Path:
        """Train to the end, from a checkpoint where one is given, and write the weights."""
        module = self._kind.module(self._network, self._config)
        with advice_on_memory(self._config):
            fit(self.trainer, module, self._data, checkpoint=checkpoint)
        weights_file = self._folder.weights_file
        if self.trainer.is_global_zero:
            _arrange(self._network, torch.contiguous_format)
            save_weights(self._network, weights_file, predictor=self._kind.predictor(self._config))
            logger.info("wrote %s after %d steps", weights_file, self.trainer.max_steps)
        return weights_file


def _arrange(network: nn.Module, layout: torch.memory_format) -> None:
    """Lay out the kernels of a network in memory."""
    network.to(memory_format=layout)  # type: ignore[call-overload]  # documented, but not in torch's stubs
