"""What every training run does around its module: data in order, averaged weights, checkpoints, resuming."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import lightning as L
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint, WeightAveraging
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from isegformer.training.config import RunConfig
from isegformer.training.data_wait import DataWait, TimedBatches
from isegformer.training.hardware import Hardware
from isegformer.training.metrics_writer import MetricsWriter
from isegformer.training.progress_bar import StepsBar
from isegformer.training.run_folder import RunFolder
from isegformer.training.run_sampler import RunSampler

NOISE = (
    ".*LeafSpec.*is deprecated",  # Lightning 2.6 on torch 2.13; nothing that a user can do
    ".*module\\(s\\) in eval mode at the start of training",  # norms that keep their statistics
)
"""Warnings of the libraries below that say nothing about a run."""

Weights: TypeAlias = tuple[Tensor, ...] | list[Tensor]
"""Tensors of one type."""

METRICS_EVERY = 10
"""Steps between lines of the metrics file."""


def warmed_average(decay: float) -> Callable[[Weights, Weights, Tensor | int], None]:
    """Return the moving average of weights, whose decay rises from 0.1 to `decay` over the first steps.

    A fixed decay would keep a share of the random start for thousands of steps; where a value has shrunk a
    hundredfold since then, such as a variance of batch norm, even a small share of its start spoils it.

    All weights of one type are averaged at once, in place: being asked costs a GPU more time than the sums.
    Whole numbers are counts and indices; of them the last are taken, since rounding would lower them.
    """

    def average(averaged: Weights, current: Weights, count: Tensor | int) -> None:
        if not averaged[0].is_floating_point():
            torch._foreach_copy_(averaged, current)
            return
        steps = int(count)
        share = min(decay, (1 + steps) / (10 + steps))
        before, now = torch._foreach_mul(averaged, share), torch._foreach_mul(current, 1 - share)
        torch._foreach_copy_(averaged, torch._foreach_add(before, now))

    return average


class AveragedWeights(WeightAveraging):
    """Keeps the moving average of the weights on the device of the run, where it is taken every step.

    Lightning would make the average before it moves the weights there, and fetch them for every step.
    """

    @property
    def state_key(self) -> str:
        """Name in checkpoints; that of Lightning's class, so that older runs can be resumed."""
        return WeightAveraging.__qualname__

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Make the average."""
        pl_module.to(trainer.strategy.root_device)
        super().setup(trainer, pl_module, stage)


class RunData(L.LightningDataModule):
    """Hands out the batches of a run, starting where the run stands."""

    def __init__(
        self,
        samples: Dataset[Any],
        *,
        collate: Callable[[list[Any]], Any],
        config: RunConfig,
        wait: DataWait,
    ) -> None:
        super().__init__()
        self._samples = samples
        self._collate = collate
        self._config = config
        self._wait = wait

    def train_dataloader(self) -> TimedBatches:
        """Return the batches that are still to come."""
        assert self.trainer is not None
        config, processes = self._config, self.trainer.world_size
        start = self.trainer.global_step * config.accumulate * config.batch_size * processes
        sampler = RunSampler(
            start=start, batch_size=config.batch_size, process=self.trainer.global_rank, processes=processes
        )
        loader = DataLoader(
            self._samples,
            batch_size=config.batch_size,
            sampler=sampler,
            num_workers=config.workers,
            prefetch_factor=config.prefetch if config.workers else None,
            pin_memory=self.trainer.strategy.root_device.type == "cuda",
            collate_fn=self._collate,
            drop_last=True,
        )
        return self._wait.timed(loader)


@contextmanager
def _opencv_in_one_thread() -> Iterator[None]:
    """Keep OpenCV from using threads of its own in the block.

    A worker is a copy of this process without its threads: OpenCV would wait for them for ever. Besides,
    every worker would start as many as there are cores.
    """
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


class StepNoise(Callback):
    """Makes dropout and stochastic depth of a batch depend on its place in the run alone.

    Their random numbers come from torch's own generator, whose state no checkpoint holds: without this a
    resumed run would drop other units than the uninterrupted one.
    """

    def __init__(self, config: RunConfig) -> None:
        self._config = config

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Seed torch's generators."""
        del pl_module, batch
        # Checkpoints lie between steps, so the place within a step needs no memory.
        place = (trainer.global_step, batch_idx % self._config.accumulate, trainer.global_rank)
        (seed,) = np.random.SeedSequence((self._config.seed, *place)).generate_state(1)
        torch.manual_seed(int(seed))


def new_trainer(
    config: RunConfig,
    *,
    folder: RunFolder,
    hardware: Hardware,
    wait: DataWait,
    callbacks: Sequence[Callback],
    last_step: int,
) -> L.Trainer:
    """Return what trains a module up to a step and writes checkpoints and metrics to a folder.

    Raises
    ------
    ConfigError : the hardware is not there
    """
    return L.Trainer(
        **hardware.trainer_options(),
        precision=config.precision,
        max_steps=last_step,
        max_epochs=-1,
        accumulate_grad_batches=config.accumulate,
        gradient_clip_val=config.gradient_clip,
        logger=False,
        callbacks=[
            AveragedWeights(multi_avg_fn=warmed_average(config.average_decay), use_buffers=True),
            ModelCheckpoint(
                dirpath=folder.checkpoints,
                save_last=True,
                save_top_k=0,
                enable_version_counter=False,  # a resumed run goes on writing the file that it came from
                every_n_train_steps=config.checkpoint_every,
            ),
            StepNoise(config),
            StepsBar(),
            MetricsWriter(folder.metrics_file, every=METRICS_EVERY, wait=wait),
            *callbacks,
        ],
        enable_model_summary=False,
        use_distributed_sampler=False,
    )


def fit(trainer: L.Trainer, module: L.LightningModule, data: RunData, *, checkpoint: Path | None) -> None:
    """Train a module to the last step; afterwards it holds the averaged weights, in evaluation mode."""
    if checkpoint is not None and _holds_the_end(checkpoint, trainer=trainer, module=module):
        module.eval()
        return
    with warnings.catch_warnings(), _opencv_in_one_thread():
        for message in NOISE:
            warnings.filterwarnings("ignore", message=message)
        # A run folder may come from somebody else: its checkpoint must not be able to run code.
        trainer.fit(module, datamodule=data, ckpt_path=checkpoint, weights_only=True)
    module.eval()


def _holds_the_end(checkpoint: Path, *, trainer: L.Trainer, module: L.LightningModule) -> bool:
    """Load the averaged weights of a checkpoint if no step is left; the trainer would not do it."""
    record = torch.load(checkpoint, map_location="cpu", weights_only=True)
    if record["global_step"] < trainer.max_steps:
        return False
    module.load_state_dict(record["state_dict"])
    return True
