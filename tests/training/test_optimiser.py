import dataclasses
from itertools import islice

import pytest
import torch

from isegformer.errors import ConfigError
from isegformer.training.config import RunConfig, SourceConfig
from isegformer.training.optimiser import learning_rate_factor, optimiser_with_schedule
from isegformer.training.run_sampler import RunSampler


@pytest.fixture
def config():
    return RunConfig(train=(SourceConfig(path="a", form="slices"),), steps=100, warmup_steps=0)


def factors(config, **values):
    changed = dataclasses.replace(config, **values)
    return [learning_rate_factor(step, changed) for step in range(config.steps)]


def test_a_plateau_is_reached_by_a_rise_and_left_by_a_fall(config):
    course = factors(config, warmup_steps=10, decay_share=0.2)
    assert course[0] == pytest.approx(0.1)
    assert course[9:80] == [1.0] * 71
    assert course[90] == pytest.approx(0.5)
    assert course[99] == pytest.approx(0.05)


def test_without_decay_the_learning_rate_stays(config):
    assert factors(config, decay_share=0.0) == [1.0] * 100


def test_every_milestone_multiplies_the_learning_rate(config):
    course = factors(config, schedule="milestones", milestones=(0.5, 0.9), milestone_factor=0.1)
    assert course[:50] == [1.0] * 50
    assert course[50:90] == pytest.approx([0.1] * 40)
    assert course[90:] == pytest.approx([0.01] * 10)


def test_the_rise_holds_for_milestones_too(config):
    course = factors(config, warmup_steps=4, schedule="milestones", milestones=(0.5,))
    assert course[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]


def test_the_scheduled_rate_is_what_the_optimiser_uses(config):
    config = dataclasses.replace(config, learning_rate=0.5, warmup_steps=5, weight_decay=0.0)
    parts = optimiser_with_schedule(torch.nn.Linear(2, 1), config=config)
    optimiser, scheduler = parts["optimizer"], parts["lr_scheduler"]["scheduler"]
    rates = []
    for _ in range(6):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    assert rates == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.5])
    assert parts["lr_scheduler"]["interval"] == "step"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # One step from a weight of 2 on a gradient of 0.5: AdamW shrinks the weight by lr * decay, and both
        # move it by lr against the gradient; Adam adds decay * weight to that, whose size does not matter.
        ("adamw", 2 - 0.1 * 0.2 * 2 - 0.1),
        ("adam", 2 - 0.1),
    ],
)
def test_optimisers_take_the_step_worked_out_by_hand(config, name, expected):
    network = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        network.weight.fill_(2.0)
    chosen = dataclasses.replace(config, optimiser=name, learning_rate=0.1, weight_decay=0.2)
    optimiser = optimiser_with_schedule(network, config=chosen)["optimizer"]
    network.weight.grad = torch.full_like(network.weight, 0.5)
    optimiser.step()
    assert network.weight.item() == pytest.approx(expected, rel=1e-5)


def test_betas_reach_the_optimiser(config):
    chosen = dataclasses.replace(config, optimiser="adam", betas=(0.8, 0.95))
    group = optimiser_with_schedule(torch.nn.Linear(1, 1), config=chosen)["optimizer"].param_groups[0]
    assert group["betas"] == (0.8, 0.95)


@pytest.mark.parametrize(
    ("values", "message"),
    [({"milestones": (0.5, 2.0)}, "milestones are"), ({"betas": (0.9, 1.0)}, "betas are")],
)
def test_values_out_of_range_are_refused(config, values, message):
    with pytest.raises(ConfigError, match=message):
        dataclasses.replace(config, **values)


def test_a_resumed_run_takes_up_the_numbers_where_it_stopped():
    whole = list(islice(RunSampler(start=0, batch_size=4), 20))
    assert whole == list(range(20))
    assert list(islice(RunSampler(start=8, batch_size=4), 12)) == whole[8:]


def test_two_processes_share_the_numbers_batch_by_batch():
    first, second = (
        list(islice(RunSampler(start=0, batch_size=2, process=rank, processes=2), 4)) for rank in (0, 1)
    )
    assert (first, second) == ([0, 1, 4, 5], [2, 3, 6, 7])
