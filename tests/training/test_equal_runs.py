"""Runs that must end with the same weights: shared out in another way, or ended and resumed."""

import dataclasses
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from lightning.pytorch.callbacks import Callback

from isegformer.models import load
from isegformer.training import click_run
from isegformer.training.click_run import resume_clicks, train_clicks
from isegformer.training.config import to_record

SCRIPT = Path(__file__).with_name("tiny_run.py")


@pytest.fixture
def networks(monkeypatch):
    """Put tiny networks behind the names of architectures, the same as in the program of its own."""
    spec = importlib.util.spec_from_file_location("tiny_run", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(click_run, "variant", module.NETWORKS.__getitem__)


@pytest.fixture
def config(click_config):
    """Return four steps of four samples, the number of rounds and of clicks left to chance."""
    return dataclasses.replace(
        click_config,
        architecture="swin-tiny",
        steps=4,
        batch_size=4,
        most_rounds=2,
        loss_rounds=2,
        look_again_share=0.2,
        given_mask_share=0.3,
        checkpoint_every=100,
    )


def state_of(weights):
    return load(weights).state_dict()


def assert_same(got, expected):
    """Compare weights, but for the last bits: kernels may add up in another order elsewhere in memory.

    One step with a learning rate of 1e-3 moves a weight by about that much.
    """
    assert set(got) == set(expected)
    for name, value in expected.items():
        torch.testing.assert_close(
            got[name], value, rtol=0, atol=2e-6, msg=lambda text, n=name: f"{n}: {text}"
        )


def assert_same_metrics(got, expected):
    """Compare steps and losses; there is one line, that of the last step."""
    lines = [json.loads((run / "metrics.jsonl").read_text()) for run in (got, expected)]
    assert lines[0]["step"] == lines[1]["step"] == 4
    assert lines[0]["loss"] == pytest.approx(lines[1]["loss"], rel=1e-5)


def run_program(config, data_root, run, *options):
    """Train in a program of its own and return what is left of it."""
    config_file = run.with_suffix(".yaml")
    config_file.write_text(yaml.safe_dump(to_record(config)))
    command = [sys.executable, SCRIPT, config_file, data_root, run, *options]
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, timeout=250
    )


class StopAfter(Callback):
    """Ends a run in the middle."""

    def __init__(self, step):
        self.step = step

    def on_train_batch_end(self, trainer, *_):
        if trainer.global_step == self.step:
            raise KeyboardInterrupt


def test_two_half_batches_make_the_step_of_a_whole_one(networks, config, data_root, tmp_path):
    whole = train_clicks(config, data_root=data_root, run_path=tmp_path / "whole")
    halved = dataclasses.replace(config, batch_size=2, accumulate=2)
    halves = train_clicks(halved, data_root=data_root, run_path=tmp_path / "halves")
    assert_same(state_of(halves), state_of(whole))
    assert_same_metrics(tmp_path / "halves", tmp_path / "whole")


def test_a_run_ended_between_checkpoints_and_steps_is_resumed_alike(networks, config, data_root, tmp_path):
    """Ended after step 3, resumed from step 2; every step is two batches, and units are dropped by chance."""
    config = dataclasses.replace(
        config, architecture="swin-small", batch_size=2, accumulate=2, checkpoint_every=2
    )
    whole = train_clicks(config, data_root=data_root, run_path=tmp_path / "whole")
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        train_clicks(config, data_root=data_root, run_path=tmp_path / "parts", callbacks=[StopAfter(3)])
    checkpoint = torch.load(tmp_path / "parts" / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["global_step"] == 2
    parts = resume_clicks(tmp_path / "parts", data_root=data_root)
    assert_same(state_of(parts), state_of(whole))
    assert_same_metrics(tmp_path / "parts", tmp_path / "whole")


def test_processes_that_prepare_samples_change_nothing(networks, config, data_root, tmp_path):
    """Training alone first also makes OpenCV start threads, which worker processes must not wait for."""
    alone = train_clicks(config, data_root=data_root, run_path=tmp_path / "alone")
    helped = dataclasses.replace(config, workers=2, prefetch=1)
    assert_same(
        state_of(train_clicks(helped, data_root=data_root, run_path=tmp_path / "helped")), state_of(alone)
    )


@pytest.mark.slow
def test_a_killed_run_is_resumed_alike(networks, config, data_root, tmp_path):
    config = dataclasses.replace(config, architecture="swin-small", checkpoint_every=2)
    whole = train_clicks(config, data_root=data_root, run_path=tmp_path / "whole")
    done = run_program(config, data_root, tmp_path / "killed", "--die-after", 3)
    assert done.returncode == -9, done.stderr
    assert not (tmp_path / "killed" / "weights.safetensors").exists()
    resumed = resume_clicks(tmp_path / "killed", data_root=data_root)
    assert_same(state_of(resumed), state_of(whole))


@pytest.mark.slow
def test_two_processes_train_as_one_does_on_the_same_samples(networks, config, data_root, tmp_path):
    whole = train_clicks(config, data_root=data_root, run_path=tmp_path / "whole")
    shared = dataclasses.replace(config, batch_size=2)
    done = run_program(shared, data_root, tmp_path / "shared", "--devices", 2)
    assert done.returncode == 0, done.stderr
    assert "distributed_backend=gloo" in done.stderr
    assert_same(state_of(tmp_path / "shared" / "weights.safetensors"), state_of(whole))
    assert_same_metrics(tmp_path / "shared", tmp_path / "whole")
