"""A training run of a tiny network, to be started as a program of its own.

python tiny_run.py CONFIG DATA_ROOT RUN [--devices N] [--die-after STEP] [--resume]
"""

import argparse
import os
import signal
from pathlib import Path

from lightning.pytorch.callbacks import Callback

from isegformer.models.config import MlpDecoderConfig, SwinConfig
from isegformer.training import click_run
from isegformer.training.click_run import resume_clicks, train_clicks
from isegformer.training.config import ClickTrainingConfig, read_config
from isegformer.training.hardware import Hardware

NETWORKS = {
    # no batch norm, whose statistics depend on how a step is shared out, and no chance
    "swin-tiny": SwinConfig(
        embed_channels=6,
        depths=(1, 1),
        heads=(1, 2),
        window=4,
        drop_path=0.0,
        decoder=MlpDecoderConfig(channels=8, dropout=0.0),
    ),
    # with chance: a resumed run must drop what the uninterrupted one drops
    "swin-small": SwinConfig(
        embed_channels=6,
        depths=(1, 1),
        heads=(1, 2),
        window=4,
        drop_path=0.3,
        decoder=MlpDecoderConfig(channels=8, dropout=0.3),
    ),
}
"""What stands behind the names in these tests."""


class DieAfter(Callback):
    """Ends the process as if the machine had lost power."""

    def __init__(self, step):
        self._step = step

    def on_train_batch_end(self, trainer, *_):
        if trainer.global_step == self._step:
            os.kill(os.getpid(), signal.SIGKILL)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("config", type=Path)
    parser.add_argument("data_root", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--devices", type=int, default=1)
    parser.add_argument("--die-after", type=int)
    parser.add_argument("--resume", action="store_true")
    arguments = parser.parse_args()
    click_run.variant = NETWORKS.__getitem__
    named = {
        "data_root": arguments.data_root,
        "hardware": Hardware(device="cpu", devices=arguments.devices),
        "callbacks": [] if arguments.die_after is None else [DieAfter(arguments.die_after)],
    }
    if arguments.resume:
        resume_clicks(arguments.run, **named)
    else:
        config = read_config(arguments.config, ClickTrainingConfig)
        train_clicks(config, run_path=arguments.run, **named)


if __name__ == "__main__":
    main()
