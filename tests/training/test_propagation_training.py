import dataclasses

import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import Callback

from isegformer.models import load
from isegformer.models.stcn import Stcn
from isegformer.models.stcn_config import EncoderConfig, StcnConfig
from isegformer.training import propagation_run
from isegformer.training.clips import Clips, collate_clips, jittered
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


def test_a_run_gives_weights_that_can_be_loaded(data_root, config, tmp_path, monkeypatch):
    monkeypatch.setitem(propagation_run.ARCHITECTURES, "stcn-small", TINY)
    network = load(train_propagation(config, data_root=data_root, run_path=tmp_path / "run"))
    assert isinstance(network, Stcn)
    assert network.config == TINY


def test_clips_need_not_be_square(data_root, config):
    config = dataclasses.replace(config, view=ViewConfig(shape_px=(32, 48)), augmentation="paper")
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
