"""The metrics of a run, one JSON object a line; a resumed run goes on in the same file."""

import json
import time
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Callback


class MetricsWriter(Callback):
    """Appends step, loss, learning rate and time to a file every few steps."""

    def __init__(self, path: Path, *, every: int) -> None:
        self._path = path
        self._every = every
        self._written = 0

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Write a line if one is due."""
        del pl_module, batch, batch_idx
        step = trainer.global_step
        if (step % self._every and step != trainer.max_steps) or step == self._written:
            return
        self._written = step
        line = {
            "step": step,
            "loss": float(outputs["loss"]),
            "learning_rate": trainer.optimizers[0].param_groups[0]["lr"],
            "time": time.time(),
        }
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
