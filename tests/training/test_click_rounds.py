import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from isegformer.clicks import depth
from isegformer.errors import ConfigError
from isegformer.training.click_module import ClickTraining
from isegformer.training.click_samples import ClickSamples, collate
from isegformer.training.config import ClickTrainingConfig, SourceConfig
from isegformer.training.losses import normalised_focal_loss
from isegformer.training.sources import open_sources


class Remembering(nn.Module):
    """Gives the same logit everywhere, and keeps every hint that it was shown."""

    click_radius_px = 2.0

    def __init__(self, logit):
        super().__init__()
        self.logit = nn.Parameter(torch.tensor(float(logit)))
        self.hints = []

    def forward_all(self, image, hint):
        self.hints.append(hint.clone())
        return (self.logit.expand(len(image), 1, *image.shape[-2:]),)

    def forward(self, image, hint):
        return self.forward_all(image, hint)[0]


@pytest.fixture
def batch(data_root, click_config):
    samples = ClickSamples(open_sources(click_config, data_root=data_root), config=click_config)
    return collate([samples[0], samples[1]])


def module_with(config, *, logit):
    module = ClickTraining(Remembering(logit), config=config)
    module.log = lambda *_, **__: None
    return module


def test_every_loss_round_sees_the_prediction_of_the_one_before_and_one_click_more(batch, click_config):
    config = dataclasses.replace(click_config, most_rounds=0, loss_rounds=3)
    module = module_with(config, logit=-2.0)
    module.training_step(batch, 0)
    first, second, third = module.network.hints
    assert (first[:, 0] == 0).all()
    for hint in (second, third):
        torch.testing.assert_close(hint[:, 0], torch.full_like(hint[:, 0], 1 / (1 + np.exp(2.0))))
    # An all-background mask misses the object, so that every new click is positive.
    assert (first[:, 1].sum() < second[:, 1].sum()) or (second[:, 1].sum() < third[:, 1].sum())
    assert (first[:, 2] == third[:, 2]).all()


def test_fresh_steps_have_no_rounds_before_their_losses(click_config):
    config = dataclasses.replace(click_config, most_rounds=4, fresh_share=1.0)
    assert free_rounds(config) == {0}
    mixed = dataclasses.replace(config, fresh_share=0.5)
    assert free_rounds(mixed) == {0, 1, 2, 3, 4}


def free_rounds(config):
    """Return the numbers of rounds without gradient that 60 steps draw."""
    module = module_with(config, logit=0.0)
    found = set()
    for step in range(60):
        module.__class__ = type("At", (ClickTraining,), {"global_step": step})
        found.add(module._free_rounds())
    return found


def test_the_loss_is_the_mean_over_the_rounds(batch, click_config):
    config = dataclasses.replace(click_config, most_rounds=0, loss_rounds=2)
    module = module_with(config, logit=0.3)
    loss = module.training_step(batch, 0)
    logits = torch.full_like(batch.target, 0.3, dtype=torch.float32)
    torch.testing.assert_close(loss, normalised_focal_loss(logits, batch.target, ignored=batch.ignored))
    loss.backward()
    assert module.network.logit.grad is not None


def test_a_given_mask_is_what_the_first_round_sees(batch, click_config):
    config = dataclasses.replace(click_config, most_rounds=0, loss_rounds=1)
    given = torch.rand_like(batch.given)
    module = module_with(config, logit=0.0)
    module.training_step(dataclasses.replace(batch, given=given), 0)
    assert torch.equal(module.network.hints[0][:, :1], given)


def test_looking_again_adds_no_click(batch, click_config):
    config = dataclasses.replace(click_config, most_rounds=0, loss_rounds=3, look_again_share=1.0)
    module = module_with(config, logit=-2.0)
    module.training_step(batch, 0)
    first, second, third = module.network.hints
    assert torch.equal(first[:, 1:], second[:, 1:])
    assert torch.equal(first[:, 1:], third[:, 1:])


def test_corrections_may_lie_anywhere_in_the_error(batch, click_config):
    """Of an all-background mask the error is the whole object."""
    near_border = {}
    for name, depths in (("paper", (0.5, 0.5)), ("anywhere", (0.0, 0.0))):
        config = dataclasses.replace(click_config, correction_depth=depths)
        module = module_with(config, logit=-5.0)
        shares = []
        for seed in range(40):
            clicks = [[], []]
            rngs = [np.random.default_rng((seed, number)) for number in range(2)]
            module._correct(batch, clicks, torch.zeros_like(batch.given), rngs=rngs)
            for number, group in enumerate(clicks):
                depths_px = depth(batch.target[number, 0].numpy())
                shares += [depths_px[click.row, click.col] / depths_px.max() for click in group]
        near_border[name] = np.mean(np.array(shares) <= 0.5)
    assert near_border["paper"] == 0
    assert near_border["anywhere"] > 0.3


def test_samples_may_start_from_a_flawed_mask_with_a_click_on_its_error(data_root, click_config):
    config = dataclasses.replace(click_config, given_mask_share=1.0)
    samples = ClickSamples(open_sources(config, data_root=data_root), config=config)
    for number in range(20):
        sample = samples[number]
        given = sample.given.numpy() > 0.49
        if not given.any():  # the flawed mask happened to be right: an ordinary start
            continue
        (click,) = sample.clicks
        assert bool(sample.target[click.row, click.col]) == click.is_positive
        assert given[click.row, click.col] != click.is_positive
    assert sum(bool((samples[n].given > 0.49).any()) for n in range(20)) > 15


def test_without_that_share_no_mask_is_given(data_root, click_config):
    samples = ClickSamples(open_sources(click_config, data_root=data_root), config=click_config)
    assert all(float(samples[number].given.max()) == 0 for number in range(10))


def test_a_source_of_regions_gives_objects_that_are_no_labels(data_root):
    config = ClickTrainingConfig(train=(SourceConfig(path="cells", form="slices", objects="superpixels"),))
    samples = ClickSamples(open_sources(config, data_root=data_root), config=config)
    sample = samples[0]
    assert 32 <= int(sample.target.sum()) < sample.target.numel()


def test_synthetic_images_replace_the_real_ones_of_a_source(data_root, click_config):
    """All pixels of a real cell are bright, at least 200 / 255; made-up ones are of any intensity."""
    real = dataclasses.replace(click_config, train=(SourceConfig(path="cells", form="slices"),))
    made = dataclasses.replace(
        click_config, train=(SourceConfig(path="cells", form="slices", synthetic_share=1.0),)
    )
    means = {}
    for name, config in (("real", real), ("made", made)):
        samples = ClickSamples(open_sources(config, data_root=data_root), config=config)
        samples._augment = lambda image, _: np.repeat(np.asarray(image, np.float32)[None], 3, axis=0)
        means[name] = [float(s.image[0][s.target].mean()) for s in (samples[n] for n in range(12))]
    assert min(means["real"]) > 0.7
    assert min(means["made"]) < 0.6


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"loss_rounds": 0}, "loss_rounds"),
        ({"fresh_share": 2.0}, "fresh_share is 2.0"),
        ({"central_share": -1.0}, "central_share is -1.0"),
        ({"look_again_share": 1.5}, "look_again_share is 1.5"),
        ({"given_mask_share": -0.1}, "given_mask_share is -0.1"),
        ({"correction_depth": (0.5, 0.2)}, r"correction_depth is \[0.5, 0.2\]"),
        ({"correction_depth": (0.0, 1.0)}, r"correction_depth is \[0.0, 1.0\]"),
    ],
)
def test_values_out_of_range_are_refused(click_config, values, message):
    with pytest.raises(ConfigError, match=message):
        dataclasses.replace(click_config, **values)


def test_a_synthetic_share_out_of_range_is_refused():
    with pytest.raises(ConfigError, match="synthetic_share of cells is 2"):
        SourceConfig(path="cells", form="slices", synthetic_share=2)
