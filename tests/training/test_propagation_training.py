from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from lightning.pytorch.callbacks import Callback
from torch import nn

from isegformer.errors import ConfigError
from isegformer.models import load
from isegformer.models.stcn import Stcn, StcnKeys
from isegformer.models.stcn_config import EncoderConfig, StcnConfig
from isegformer.training import propagation_run
from isegformer.training.clips import Clip, Clips, collate_clips, jittered
from isegformer.training.config import PropagationTrainingConfig, SourceConfig, ViewConfig
from isegformer.training.propagation_module import PropagationTraining, clip_loss
from isegformer.training.propagation_run import resume_propagation, train_propagation
from isegformer.training.sources import open_sources

ENCODER = EncoderConfig(
    block="basic",
    norm="group",
    stem_kernel=3,
    stem_channels=8,
    widths=(8, 8, 16),
    depths=(1, 1, 1),
    has_conv_bias=False,
)
TINY = StcnConfig(
    key_encoder=ENCODER,
    value_encoder=ENCODER,
    key_channels=8,
    context_channels=8,
    value_channels=8,
    attention_reduction=4,
    decoder_channels=(8, 8, 8),
)


@pytest.fixture
def config():
    return PropagationTrainingConfig(
        train=(
            SourceConfig(path="cells", form="slices"),
            SourceConfig(path="organs", form="volumes"),
        ),
        view=ViewConfig(side_px=32),
        steps=2,
        batch_size=2,
        warmup_steps=1,
        checkpoint_every=1,
        workers=0,
    )


@pytest.fixture
def clips(data_root, config):
    return Clips(open_sources(config, data_root=data_root), config=config)


def test_clips_have_one_or_two_objects_on_their_first_slice(clips):
    seconds = set()
    for number in range(20):
        clip = clips[number]
        assert clip.frames.shape == (3, 3, 32, 32)
        assert clip.labels.shape == (3, 32, 32)
        assert clip.labels.dtype == torch.int64
        assert (clip.labels[0] == 1).any()
        assert bool((clip.labels[0] == 2).any()) == bool(clip.has_second)
        seconds.add(bool(clip.has_second))
    assert seconds == {True, False}


def test_a_clip_depends_on_its_number_alone(clips):
    assert torch.equal(clips[3].frames, clips[3].frames)
    assert not torch.equal(clips[3].frames, clips[4].frames)


def test_jitter_keeps_views_close(config):
    view = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
    moved = jittered(view, rng=np.random.default_rng(0), config=config)
    middle = np.array([15.5, 15.5, 1])
    assert np.abs(moved @ middle - view @ middle).max() < 4 * config.jitter_px
    assert np.linalg.det(moved[:, :2]) == pytest.approx(1, abs=0.3)


def test_predictions_are_distributions_and_absent_objects_get_nothing(clips, config):
    module = PropagationTraining(Stcn(TINY), config=config)
    batch = collate_clips([clips[number] for number in range(4)])
    predicted = module.predict_clip(batch)
    assert len(predicted) == 2
    for distribution in predicted:
        assert distribution.shape == (3, 4, 32, 32)
        torch.testing.assert_close(distribution.sum(0), torch.ones(4, 32, 32))
        assert distribution[2, ~batch.has_second].max() < 1e-3


def test_every_parameter_but_the_key_bias_learns(clips, config):
    torch.manual_seed(0)  # with few channels some weights switch a whole layer off
    network = Stcn(TINY)
    module = PropagationTraining(network, config=config)
    module.log = lambda *_, **__: None
    module.training_step(collate_clips([clips[0], clips[1]]), 0).backward()
    still = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    # Distances between keys cancel the bias of the key projection.
    assert set(still) <= {"key_proj.bias"}


def test_loss_equals_the_hand_computed_value():
    chances = torch.tensor([[0.5, 0.2], [0.5, 0.8]], dtype=torch.float64).view(2, 1, 1, 2)
    labels = torch.tensor([[[0, 1]]])
    dice = (2 * 0.8 + 1) / (0.5 + 0.8 + 1 + 1)
    both = -(np.log(0.5) + np.log(0.8)) / 2
    assert clip_loss(chances, labels, hardest_share=1.0, dice_weight=0.0).item() == pytest.approx(both)
    assert clip_loss(chances, labels, hardest_share=0.5, dice_weight=0.0).item() == pytest.approx(
        -np.log(0.5)
    )
    weighted = clip_loss(chances, labels, hardest_share=1.0, dice_weight=2.0).item()
    assert weighted == pytest.approx(both + 2 * (1 - dice))


def test_loss_gradient_equals_finite_differences():
    torch.manual_seed(0)
    chances = torch.rand(3, 2, 4, 5, dtype=torch.float64).softmax(0).requires_grad_()
    labels = torch.randint(0, 3, (2, 4, 5))
    assert torch.autograd.gradcheck(
        lambda x: clip_loss(x, labels, hardest_share=0.5, dice_weight=1.0), (chances,)
    )


@pytest.mark.parametrize(
    "stage", [{}, {"elastic_px": 1.0}, {"cycle_weight": 0.5, "longest_gap": 5}], ids=["", "static", "volume"]
)
def test_a_run_gives_weights_that_can_be_loaded(data_root, config, tmp_path, monkeypatch, stage):
    config = replace(config, **stage)
    monkeypatch.setitem(propagation_run.ARCHITECTURES, "stcn-small", TINY)
    network = load(train_propagation(config, data_root=data_root, run_path=tmp_path / "run"))
    assert isinstance(network, Stcn)
    assert network.config == TINY


def test_clips_need_not_be_square(data_root, config):
    config = replace(config, view=ViewConfig(shape_px=(32, 48)), augmentation="paper")
    clip = Clips(open_sources(config, data_root=data_root), config=config)[0]
    assert clip.frames.shape == (3, 3, 32, 48)
    assert clip.labels.shape == (3, 32, 48)


def test_a_run_is_resumed_to_the_same_weights(data_root, config, tmp_path, monkeypatch):
    monkeypatch.setitem(propagation_run.ARCHITECTURES, "stcn-small", TINY)
    whole = load(train_propagation(config, data_root=data_root, run_path=tmp_path / "whole"))
    checkpoints = []

    class StopAfterFirst(Callback):
        def on_train_batch_end(self, trainer, *_):
            checkpoints.append(trainer.global_step)
            if trainer.global_step == 1 and len(checkpoints) == 1:
                trainer.save_checkpoint(tmp_path / "parts" / "checkpoints" / "last.ckpt")
                raise KeyboardInterrupt

    with pytest.raises((KeyboardInterrupt, SystemExit)):
        train_propagation(
            config, data_root=data_root, run_path=tmp_path / "parts", callbacks=[StopAfterFirst()]
        )
    parts = load(resume_propagation(tmp_path / "parts", data_root=data_root))
    for (name, expected), got in zip(whole.state_dict().items(), parts.state_dict().values(), strict=True):
        torch.testing.assert_close(got, expected, rtol=0, atol=2e-6, msg=name)


def test_elastic_clips_deform_image_and_labels_alike_after_the_first_slice(data_root, config):
    still = replace(config, train=config.train[:1], jitter_px=0, jitter_deg=0, jitter_scale=0)
    elastic = replace(still, elastic_px=2.0, elastic_smoothness_px=16.0)
    plain, moved = (Clips(open_sources(one, data_root=data_root), config=one)[1] for one in (still, elastic))
    assert torch.equal(plain.labels[0], plain.labels[2])
    assert torch.equal(plain.labels[0], moved.labels[0])
    assert torch.equal(plain.frames[0], moved.frames[0])
    for t in (1, 2):
        assert not torch.equal(plain.labels[0], moved.labels[t])
        inside, outside = (
            moved.frames[t].mean(0)[where] for where in (moved.labels[t] > 0, moved.labels[t] == 0)
        )
        apart = abs(inside.mean() - outside.mean())
        expected = abs(
            plain.frames[0].mean(0)[plain.labels[0] > 0].mean()
            - plain.frames[0].mean(0)[plain.labels[0] == 0].mean()
        )
        assert apart > 0.6 * expected
    assert not torch.equal(moved.labels[1], moved.labels[2])


class PlaceNetwork(nn.Module):
    """Stands in for an Stcn: every cell reads what was remembered at its own place.

    With `is_forgetful` the right half of what was read is lost.
    """

    def __init__(self, *, is_forgetful=False):
        super().__init__()
        self.is_forgetful = is_forgetful

    def encode_key(self, frame):
        rows, cols = frame.shape[-2] // 16, frame.shape[-1] // 16
        place = torch.stack(torch.meshgrid(torch.arange(rows), torch.arange(cols), indexing="ij")).float()
        key = 20 * place.expand(len(frame), -1, -1, -1)
        return StcnKeys(key=key, context=key, sixteenth=key, skips=(key,))

    def encode_value(self, frame, keys, *, mask, others):
        return F.avg_pool2d(mask, 16)

    def decode(self, readout, keys):
        grown = F.interpolate(readout, scale_factor=16, mode="nearest")
        if self.is_forgetful:
            grown = grown * (torch.arange(grown.shape[-1]) < grown.shape[-1] // 2)
        return 14.0 * (2.0 * grown - 1.0)


def identity_clip():
    """Return a batch of one clip: the same slice three times, two objects on whole cells of 16 px."""
    labels = torch.zeros(1, 3, 64, 64, dtype=torch.int64)
    labels[:, :, 16:48, :32] = 1
    labels[:, :, 16:32, 32:48] = 2
    frames = torch.zeros(1, 3, 3, 64, 64)
    return Clip(frames=frames, labels=labels, has_second=torch.tensor([True]))


def logged(network, config, batch):
    """Return what a training step logs, and the loss it returns."""
    module = PropagationTraining(network, config=config)
    seen = {}
    module.log = lambda name, value, **_: seen.update({name: float(value)})
    return seen, float(module.training_step(batch, 0))


def test_cycle_loss_of_a_perfect_predictor_on_equal_slices_is_zero(config):
    seen, loss = logged(PlaceNetwork(), replace(config, cycle_weight=3.0), identity_clip())
    assert seen["cycle_loss"] == pytest.approx(0, abs=1e-3)
    assert loss == pytest.approx(0, abs=4e-3)


def test_cycle_loss_is_that_of_the_first_slice_seen_from_the_last_and_is_weighted(config):
    batch, network = identity_clip(), PlaceNetwork(is_forgetful=True)
    without, plain = logged(network, config, batch)
    assert "cycle_loss" not in without
    # Of the three cells of the objects the network keeps those of object 1 and loses object 2 for good.
    seen, loss = logged(network, replace(config, cycle_weight=3.0), batch)
    first = F.one_hot(batch.labels[:, 0] * (batch.labels[:, 0] < 2), 3).permute(3, 0, 1, 2).float()
    expected = clip_loss(first, batch.labels[:, 0], hardest_share=1.0, dice_weight=1.0)
    assert seen["cycle_loss"] == pytest.approx(float(expected), rel=0.15)
    assert loss == pytest.approx(plain + 3 * seen["cycle_loss"], rel=1e-5)


def test_cycle_does_not_look_at_the_labels_of_the_first_slice_on_its_way_back(config):
    """Labels of the first slice that the last one's prediction cannot know are an error after the cycle."""
    batch = identity_clip()
    module = PropagationTraining(PlaceNetwork(), config=replace(config, cycle_weight=1.0))
    keys = module._keys(batch)
    nothing = torch.zeros(3, 1, 64, 64)
    nothing[0] = 1
    assert float(module._cycle_loss(batch, keys, last=nothing)) > 0.5


def test_cycle_gives_every_parameter_but_the_key_bias_a_gradient(clips, config):
    network = Stcn(TINY)
    module = PropagationTraining(network, config=replace(config, cycle_weight=1.0, hardest_share=1.0))
    module.log = lambda *_, **__: None
    module.training_step(collate_clips([clips[0], clips[1]]), 0).backward()
    gradients = {n: p.grad for n, p in network.named_parameters()}
    still = [n for n, grad in gradients.items() if grad is None or not grad.abs().sum() > 0]
    assert set(still) <= {"key_proj.bias"}
    assert all(torch.isfinite(grad).all() for grad in gradients.values() if grad is not None)


@pytest.mark.parametrize(
    "change",
    [
        {"cycle_weight": -0.1},
        {"elastic_px": -1.0},
        {"elastic_px": 5.0, "elastic_smoothness_px": 39.0},
        {"clip_length": 1},
        {"longest_gap": 0},
    ],
)
def test_impossible_numbers_are_refused(config, change):
    with pytest.raises(ConfigError, match="expected"):
        replace(config, **change)
