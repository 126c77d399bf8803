"""What every training run does around its module: data in order, averaged weights, checkpoints, resuming."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Callback, ModelCheckpoint, WeightAveraging
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from isegformer.training.config import RunConfig
from isegformer.training.hardware import Hardware
from isegformer.training.metrics_writer import MetricsWriter
from isegformer.training.run_folder import RunFolder
from isegformer.training.run_sampler import RunSampler

NOISE = (
    ".*LeafSpec.*is deprecated",  # Lightning 2.6 on torch 2.13; nothing that a user can do
    ".*does not have many workers",  # the number of workers is a value of the run
)
"""Warnings of the libraries below that say nothing about a run."""

METRICS_EVERY = 10
"""Steps between lines of the metrics file."""


def warmed_average(decay: float) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """Return the moving average of weights, whose decay rises from 0.1 to `decay` over the first steps.

    A fixed decay would keep a share of the random start for thousands of steps; where a value has shrunk a
    hundredfold since then, such as a variance of batch norm, even a small share of its start spoils it.
    """

    def average(averaged: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
        share = min(decay, (1 + int(count)) / (10 + int(count)))
        return share * averaged + (1 - share) * current

    return average


class RunData(L.LightningDataModule):
    """Hands out the batches of a run, starting where the run stands."""

    def __init__(
        self, samples: Dataset[Any], *, collate: Callable[[list[Any]], Any], config: RunConfig
    ) -> None:
        super().__init__()
        self._samples = samples
        self._collate = collate
        self._config = config

    def train_dataloader(self) -> DataLoader[Any]:
        """Return the batches that are still to come."""
        assert self.trainer is not None
        config, processes = self._config, self.trainer.world_size
        start = self.trainer.global_step * config.accumulate * config.batch_size * processes
        sampler = RunSampler(
            start=start, batch_size=config.batch_size, process=self.trainer.global_rank, processes=processes
        )
        return DataLoader(
            self._samples,
            batch_size=config.batch_size,
            sampler=sampler,
            num_workers=config.workers,
            collate_fn=self._collate,
            drop_last=True,
        )


def new_trainer(
    config: RunConfig, *, folder: RunFolder, hardware: Hardware, callbacks: Sequence[Callback]
) -> L.Trainer:
    """Return what trains a module on given hardware and writes checkpoints and metrics to a folder.

    Raises
    ------
    ConfigError : the hardware is not there
    """
    return L.Trainer(
        **hardware.trainer_options(),
        precision=config.precision,
        max_steps=config.steps,
        max_epochs=-1,
        accumulate_grad_batches=config.accumulate,
        gradient_clip_val=config.gradient_clip,
        logger=False,
        callbacks=[
            WeightAveraging(avg_fn=warmed_average(config.average_decay), use_buffers=True),
            ModelCheckpoint(
                dirpath=folder.checkpoints,
                save_last=True,
                save_top_k=0,
                enable_version_counter=False,  # a resumed run goes on writing the file that it came from
                every_n_train_steps=config.checkpoint_every,
            ),
            MetricsWriter(folder.metrics_file, every=METRICS_EVERY),
            *callbacks,
        ],
        enable_model_summary=False,
        use_distributed_sampler=False,
    )


def fit(trainer: L.Trainer, module: L.LightningModule, data: RunData, *, checkpoint: Path | None) -> None:
    """Train a module to the last step; afterwards it holds the averaged weights, in evaluation mode."""
    with warnings.catch_warnings():
        for message in NOISE:
            warnings.filterwarnings("ignore", message=message)
        # A run folder may come from somebody else: its checkpoint must not be able to run code.
        trainer.fit(module, datamodule=data, ckpt_path=checkpoint, weights_only=True)
    module.eval()
