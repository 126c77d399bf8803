import dataclasses

import pytest
import torch

from isegformer.errors import ConfigError
from isegformer.interaction import load_predictor
from isegformer.models import load
from isegformer.models.config import CompactConfig
from isegformer.training import click_run
from isegformer.training.click_run import CLICK_RUN, train_clicks
from isegformer.training.hardware import Hardware
from isegformer.training.run import train_leg
from isegformer.training.sources import open_sources

TINY = CompactConfig(
    widths=(8, 8, 16), depths=(1, 1, 1), attention_depth=1, attention_heads=2, decoder_widths=(8, 8)
)


@pytest.fixture
def config(click_config, monkeypatch):
    """Return a run of four steps with a checkpoint after every second one."""
    monkeypatch.setattr(click_run, "variant", lambda _: TINY)
    return dataclasses.replace(click_config, steps=4, checkpoint_every=2, first_looks=2)


@pytest.fixture
def leg(config, data_root, tmp_path):
    """Return a function that trains the run in a folder on to a step."""

    def train(step, *, values=config, folder="legs"):
        return train_leg(
            CLICK_RUN,
            values,
            sources=open_sources(config, data_root=data_root),
            run_path=tmp_path / folder,
            hardware=Hardware(device="cpu"),
            until_step=step,
        )

    return train


def assert_same_weights(got, expected):
    for (name, value), (_, other) in zip(
        load(got).state_dict().items(), load(expected).state_dict().items(), strict=True
    ):
        torch.testing.assert_close(value, other, rtol=0, atol=2e-6, msg=name)


def test_legs_end_to_end_are_the_whole_run(leg, config, data_root, tmp_path):
    whole = train_clicks(
        config, data_root=data_root, run_path=tmp_path / "whole", hardware=Hardware(device="cpu")
    )
    leg(2)
    assert_same_weights(leg(4), whole)


def test_the_weights_of_a_leg_are_those_of_its_step(leg, tmp_path):
    first = leg(2).read_bytes()
    assert leg(4).read_bytes() != first
    assert leg(2, folder="again").read_bytes() == first


def test_a_leg_that_was_trained_already_gives_its_weights_again(leg):
    """As after a kill between the last checkpoint of a leg and what came next."""
    first = leg(2)
    kept = first.rename(first.with_name("kept.safetensors"))
    assert_same_weights(leg(2), kept)


def test_a_folder_of_other_values_is_refused(leg, config):
    leg(2)
    with pytest.raises(ConfigError, match="holds a run of other values"):
        leg(4, values=dataclasses.replace(config, learning_rate=0.5))


def test_how_often_to_look_travels_with_the_weights(leg):
    assert load_predictor(leg(2)).config.first_looks == 2
