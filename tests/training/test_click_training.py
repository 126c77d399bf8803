import dataclasses
import json
import math

import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import Callback

from isegformer.errors import CheckpointError, ConfigError, TrainingMemoryError, WeightsNotFoundError
from isegformer.interaction.settings import predictor_config_from_json
from isegformer.models import inspect, load
from isegformer.models.build import build_click_network
from isegformer.models.checkpoint.state import network_state
from isegformer.models.config import CompactConfig, MlpDecoderConfig, SwinConfig
from isegformer.training import click_run
from isegformer.training.click_module import ClickTraining
from isegformer.training.click_run import resume_clicks, train_clicks
from isegformer.training.click_samples import ClickBatch, ClickSamples, collate, draw_object
from isegformer.training.config import ViewConfig
from isegformer.training.sources import open_sources

TINY = CompactConfig(
    widths=(8, 8, 16), depths=(1, 1, 1), attention_depth=1, attention_heads=2, decoder_widths=(8, 8)
)

TINY_SWIN = SwinConfig(
    embed_channels=6, depths=(1, 1), heads=(1, 2), window=4, decoder=MlpDecoderConfig(channels=8)
)


class StopAfter(Callback):
    """Ends a run in the middle, as a killed process would after its last checkpoint."""

    def __init__(self, step):
        self.step = step

    def on_train_batch_end(self, trainer, *_):
        if trainer.global_step == self.step:
            raise KeyboardInterrupt


@pytest.fixture
def tiny_networks(monkeypatch):
    monkeypatch.setattr(click_run, "variant", lambda _: TINY)


@pytest.fixture
def backbone_file(tmp_path):
    """Return a file of a tiny Swin as it is published for ImageNet: other names, and a classifier."""
    names = {"image_embedding.": "patch_embed.", "backbone.layers.": "layers."}
    state = {"head.bias": torch.zeros(10)}
    for name, value in network_state(build_click_network(TINY_SWIN)).items():
        for ours, theirs in names.items():
            if name.startswith(ours):
                state[theirs + name.removeprefix(ours)] = torch.full_like(value.detach(), 0.01)
    torch.save({"model": state}, tmp_path / "swin.pth")
    return tmp_path / "swin.pth"


@pytest.fixture
def samples(data_root, click_config):
    return ClickSamples(open_sources(click_config, data_root=data_root), config=click_config)


def test_samples_have_clicks_on_the_right_side(samples):
    for number in range(20):
        sample = samples[number]
        assert sample.image.shape == (3, 32, 32)
        assert sample.image.dtype == torch.float32
        assert sample.target.dtype == torch.bool
        assert all(bool(sample.target[c.row, c.col]) == c.is_positive for c in sample.clicks)


def test_a_sample_depends_on_its_number_alone(samples):
    again = [samples[number] for number in (7, 3, 7)]
    assert torch.equal(again[0].image, again[2].image)
    assert again[0].clicks == again[2].clicks
    assert not torch.equal(again[0].image, again[1].image)


def test_objects_are_drawn_from_those_large_enough():
    labels = np.zeros((10, 12), np.uint16)
    labels[:5, :5], labels[9, 9] = 4, 9
    for seed in range(20):
        drawn = draw_object(labels, rng=np.random.default_rng(seed))
        assert (drawn == (labels == 4)).all()
    assert draw_object(np.zeros_like(labels), rng=np.random.default_rng(0)) is None


def test_every_round_adds_at_most_one_click_and_hands_on_a_probability(samples, click_config):
    module = ClickTraining(build_click_network(TINY), config=click_config)
    batch = collate([samples[0], samples[1]])
    clicks = [list(group) for group in batch.clicks]
    probability = module._predicted(batch, clicks, batch.given)
    module._correct(batch, clicks, probability, rngs=[np.random.default_rng(n) for n in range(2)])
    assert all(0 <= len(now) - len(then) <= 1 for now, then in zip(clicks, batch.clicks, strict=True))
    assert sum(map(len, clicks)) > sum(map(len, batch.clicks))
    assert probability.shape == batch.given.shape
    assert 0 < probability.mean() < 1
    assert not probability.requires_grad
    assert module.network.training


def test_the_loss_adds_dice_and_the_cross_entropy_of_auxiliary_heads(click_config):
    """Every probability is 0.5; one of four pixels is the object, another is ignored."""
    config = dataclasses.replace(click_config, dice_weight=2.0, auxiliary_weight=0.4)
    module = ClickTraining(build_click_network(TINY), config=config)
    target, ignored = torch.tensor([1, 0, 0, 0]).bool(), torch.tensor([0, 0, 0, 1]).bool()
    batch = ClickBatch(
        image=torch.zeros(1, 3, 1, 4),
        target=target.view(1, 1, 1, 4),
        ignored=ignored.view(1, 1, 1, 4),
        given=torch.zeros(1, 1, 1, 4),
        clicks=((),),
        numbers=(0,),
    )
    flat = torch.zeros(1, 1, 1, 4)
    # focal: 0.5 log 2 a pixel; Dice: 1 - (2 * 0.5 + 1) / (1.5 + 1 + 1); the head: log 2 over 3 of 4 pixels
    expected = 0.5 * math.log(2) + 2 * (1 - 2 / 3.5) + 0.4 * math.log(2) * 3 / 4
    assert module._loss([flat, flat], batch).item() == pytest.approx(expected, rel=1e-4)


def test_all_samples_of_a_step_go_through_the_same_number_of_rounds(samples, click_config):
    """However the samples of a step are batched, each gets the same clicks."""
    config = dataclasses.replace(click_config, most_rounds=4, loss_rounds=1)
    module = ClickTraining(build_click_network(TINY), config=config)
    module.log = lambda *_, **__: None
    seen = []
    module._predicted = lambda batch, clicks, before: torch.zeros_like(before)
    module._hint = lambda batch, clicks, before: seen.append(clicks) or torch.zeros_like(batch.image)
    batched = [samples[number] for number in range(4)]
    for group in (batched, batched[:2], batched[2:]):
        module.training_step(collate(group), 0)
    together, first, second = seen
    assert together == first + second
    assert all(len(now) > len(sample.clicks) for now, sample in zip(together, batched, strict=True))


def test_a_step_gives_every_parameter_a_gradient(samples, click_config):
    network = build_click_network(TINY)
    module = ClickTraining(network, config=click_config)
    module.log = lambda *_, **__: None
    module.training_step(collate([samples[0], samples[1]]), 0).backward()
    without = [name for name, parameter in network.named_parameters() if parameter.grad is None]
    assert without == []


def test_a_run_leaves_its_config_versions_metrics_and_weights(
    tiny_networks, data_root, click_config, tmp_path, monkeypatch
):
    weights = train_clicks(click_config, data_root=data_root, run_path=tmp_path / "run")
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names >= {"config.yaml", "versions.json", "metrics.jsonl", "checkpoints", "weights.safetensors"}
    network = load(weights)
    assert not network.training
    assert network.click_radius_px == 5
    assert predictor_config_from_json(inspect(weights).predictor).zoom == click_config.zoom


def test_a_folder_that_holds_a_run_is_not_overwritten(tiny_networks, data_root, click_config, tmp_path):
    train_clicks(click_config, data_root=data_root, run_path=tmp_path)
    with pytest.raises(ConfigError, match="holds a run already"):
        train_clicks(click_config, data_root=data_root, run_path=tmp_path)


def test_a_run_without_checkpoint_cannot_be_resumed(tiny_networks, data_root, click_config, tmp_path):
    train_clicks(click_config, data_root=data_root, run_path=tmp_path)
    (tmp_path / "checkpoints" / "last.ckpt").unlink()
    with pytest.raises(ConfigError, match="no checkpoint"):
        resume_clicks(tmp_path, data_root=data_root)


def test_a_run_that_was_ended_and_resumed_gives_the_same_weights(
    tiny_networks, data_root, click_config, tmp_path
):
    config = dataclasses.replace(click_config, steps=4)
    whole = load(train_clicks(config, data_root=data_root, run_path=tmp_path / "whole"))
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        train_clicks(config, data_root=data_root, run_path=tmp_path / "parts", callbacks=[StopAfter(2)])
    parts = load(resume_clicks(tmp_path / "parts", data_root=data_root))
    for (name, expected), (_, got) in zip(
        whole.state_dict().items(), parts.state_dict().items(), strict=True
    ):
        torch.testing.assert_close(got, expected, rtol=0, atol=0, msg=name)
    assert [path.name for path in (tmp_path / "parts" / "checkpoints").iterdir()] == ["last.ckpt"]
    newest = torch.load(tmp_path / "parts" / "checkpoints" / "last.ckpt", weights_only=True)
    assert newest["global_step"] == 4
    lines = (tmp_path / "parts" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [4]


def test_a_run_starts_from_an_imagenet_backbone(
    backbone_file, data_root, click_config, tmp_path, monkeypatch
):
    monkeypatch.setattr(click_run, "variant", {"swin-tiny": TINY_SWIN}.__getitem__)
    config = dataclasses.replace(
        click_config, architecture="swin-tiny", start_from=str(backbone_file), steps=1, learning_rate=1e-6
    )
    network = load(train_clicks(config, data_root=data_root, run_path=tmp_path / "run"))
    assert network.config == TINY_SWIN
    for part in (network.image_embedding.proj.weight, network.backbone.layers[1].blocks[0].mlp.fc1.weight):
        torch.testing.assert_close(part, torch.full_like(part, 0.01), rtol=0, atol=1e-4)
    assert network.decoder.classify.weight.std() > 1e-3


def test_an_imagenet_backbone_fits_no_other_architecture(
    tiny_networks, backbone_file, data_root, click_config, tmp_path
):
    config = dataclasses.replace(click_config, start_from=str(backbone_file))
    with pytest.raises(CheckpointError, match="Swin networks only"):
        train_clicks(config, data_root=data_root, run_path=tmp_path / "run")


@pytest.mark.parametrize("start_from", ["no-such-weights", "stcn-small"])
def test_a_run_that_cannot_start_leaves_no_folder_in_the_way(
    tiny_networks, data_root, click_config, tmp_path, start_from
):
    config = dataclasses.replace(click_config, start_from=start_from)
    with pytest.raises((WeightsNotFoundError, ConfigError)):
        train_clicks(config, data_root=data_root, run_path=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    train_clicks(click_config, data_root=data_root, run_path=tmp_path / "run")


def test_a_network_that_was_trained_before_is_trained_on_in_training_mode(
    tiny_networks, data_root, click_config, tmp_path
):
    first = train_clicks(click_config, data_root=data_root, run_path=tmp_path / "first")
    modes = []

    class NoteMode(Callback):
        def on_train_batch_start(self, trainer, module, *_):
            modes.append(module.network.training)

    config = dataclasses.replace(click_config, start_from=str(first), most_rounds=0)
    train_clicks(config, data_root=data_root, run_path=tmp_path / "second", callbacks=[NoteMode()])
    assert modes == [True, True]


def test_the_network_is_trained_in_channels_last(tiny_networks, data_root, click_config, tmp_path):
    layouts = []

    class NoteLayout(Callback):
        def on_train_batch_start(self, trainer, module, *_):
            kernels = [p for p in module.network.parameters() if p.ndim == 4]
            layouts.append(all(p.is_contiguous(memory_format=torch.channels_last) for p in kernels))

    train_clicks(click_config, data_root=data_root, run_path=tmp_path, callbacks=[NoteLayout()])
    assert layouts == [True, True]


def test_samples_of_the_paper_s_recipe_are_no_squares(tiny_networks, data_root, click_config, tmp_path):
    config = dataclasses.replace(
        click_config,
        view=ViewConfig(framing="crop", shape_px=(32, 48)),
        augmentation="paper",
        optimiser="adam",
        schedule="milestones",
        milestones=(0.5,),
    )
    samples = ClickSamples(open_sources(config, data_root=data_root), config=config)
    assert samples[0].image.shape == (3, 32, 48)
    assert samples[0].target.shape == samples[0].ignored.shape == samples[0].given.shape == (32, 48)
    train_clicks(config, data_root=data_root, run_path=tmp_path)
    last = json.loads((tmp_path / "metrics.jsonl").read_text())
    assert last["learning_rate"] == pytest.approx(0.1 * config.learning_rate)


def test_too_little_memory_is_told_with_what_to_change(
    tiny_networks, data_root, click_config, tmp_path, monkeypatch
):
    def step(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(ClickTraining, "training_step", step)
    with pytest.raises(TrainingMemoryError, match="set batch_size to 1 and accumulate to 2"):
        train_clicks(click_config, data_root=data_root, run_path=tmp_path)
