import dataclasses

import pytest
import torch
from torch import nn

from isegformer.models import load
from isegformer.models.config import CompactConfig
from isegformer.training import click_run
from isegformer.training.click_run import train_clicks
from isegformer.training.hardware import Hardware
from isegformer.training.norms import evaluation_mode, set_training_mode

TINY = CompactConfig(
    widths=(8, 8, 16), depths=(1, 1, 1), attention_depth=1, attention_heads=2, decoder_widths=(8, 8)
)


@pytest.fixture
def network():
    return nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Dropout(0.5))


def modes(network):
    return [module.training for module in network.modules()]


def test_norms_that_keep_their_statistics_stay_in_evaluation_mode(network):
    set_training_mode(network, norm_statistics="kept")
    assert modes(network) == [True, True, False, True]
    assert all(parameter.requires_grad for parameter in network.parameters())
    set_training_mode(network, norm_statistics="batch")
    assert all(modes(network))


def test_every_part_gets_its_mode_back_after_an_evaluation(network):
    set_training_mode(network, norm_statistics="kept")
    with evaluation_mode(network):
        assert not any(modes(network))
    assert modes(network) == [True, True, False, True]
    with pytest.raises(RuntimeError), evaluation_mode(network):
        raise RuntimeError
    assert modes(network) == [True, True, False, True]


@pytest.mark.parametrize(("norm_statistics", "is_kept"), [("kept", True), ("batch", False)])
def test_a_run_learns_statistics_or_keeps_those_that_it_started_from(
    norm_statistics, is_kept, click_config, data_root, tmp_path, monkeypatch
):
    monkeypatch.setattr(click_run, "variant", lambda _: TINY)
    first, second = (
        train_clicks(config, data_root=data_root, run_path=tmp_path / name, hardware=Hardware(device="cpu"))
        for name, config in (
            ("first", click_config),
            (
                "second",
                dataclasses.replace(
                    click_config,
                    start_from=str(tmp_path / "first" / "weights.safetensors"),
                    norm_statistics=norm_statistics,
                    average_decay=0.0,
                ),
            ),
        )
    )
    before, after = load(first).state_dict(), load(second).state_dict()
    means = [name for name in before if name.endswith("running_mean")]
    assert means
    assert all(torch.equal(before[name], after[name]) for name in means) == is_kept
    weights = [name for name in before if name.endswith("1.weight")]
    assert not all(torch.equal(before[name], after[name]) for name in weights)
