"""The metrics of a run, one JSON object a line; a resumed run goes on in the same file."""

import json
import time
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from isegformer.atomic import replace_atomically
from isegformer.training.data_wait import DataWait


class MetricsWriter(Callback):
    """Appends a line to a file every few steps: step, loss, learning rate, waiting for data, and time.

    The loss is that of the whole step: the mean over its batches and processes.
    """

    def __init__(self, path: Path, *, every: int, wait: DataWait) -> None:
        self._path = path
        self._every = every
        self._wait = wait
        self._step = 0
        self._losses: list[Tensor] = []

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Drop lines that a run wrote after the checkpoint from which it is resumed."""
        del pl_module
        self._step = trainer.global_step
        if trainer.is_global_zero:
            _drop_lines_after(self._step, self._path)
        self._wait.restart()

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Write a line if a step is complete and its line is due."""
        del pl_module, batch, batch_idx
        self._losses.append(outputs["loss"].detach())  # Lightning has divided it by the batches of a step
        step = trainer.global_step
        if step == self._step:
            return
        loss, self._losses, self._step = torch.stack(self._losses).sum(), [], step
        if step % self._every and step != trainer.max_steps:
            return
        loss = trainer.strategy.reduce(loss, reduce_op="mean")
        line = {
            "step": step,
            "loss": float(loss),
            "learning_rate": trainer.optimizers[0].param_groups[0]["lr"],
            "data_wait_share": round(self._wait.take_share(), 4),
            "time": time.time(),
        }
        if trainer.is_global_zero:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


def _drop_lines_after(step: int, path: Path) -> None:
    """Keep the whole lines up to `step`; the last one may have been cut off when a run was killed."""
    if not path.is_file():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step]
    if kept != lines:
        with replace_atomically(path) as temporary:
            temporary.write_text("".join(kept), encoding="utf-8")
