import dataclasses
from pathlib import Path

import pytest
import yaml

from isegformer.errors import ConfigError
from isegformer.training.config import (
    ClickTrainingConfig,
    PropagationTrainingConfig,
    SourceConfig,
    ViewConfig,
    from_record,
    read_config,
    to_record,
)
from isegformer.training.optimiser import learning_rate_factor

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


def write(path, text):
    path.write_text(text)
    return path


def test_a_configuration_survives_a_round_trip(click_config):
    record = yaml.safe_load(yaml.safe_dump(to_record(click_config)))
    assert from_record(ClickTrainingConfig, record) == click_config


def test_numbers_that_yaml_reads_as_text_become_floats(tmp_path):
    text = "learning_rate: 5e-4\ntrain: [{path: a, form: slices}]"
    assert read_config(write(tmp_path / "c.yaml", text), ClickTrainingConfig).learning_rate == 5e-4


def test_overrides_replace_values(tmp_path):
    path = write(tmp_path / "c.yaml", "steps: 10\ntrain: [{path: a, form: slices}]")
    assert read_config(path, ClickTrainingConfig, overrides={"steps": 3}).steps == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stepz: 3", "stepz"),
        ("train: [{path: a, form: slices, wieght: 2}]", "wieght"),
        ("train: [{path: a, form: stacks}]", "stacks"),
        ("train: [{path: a, form: slices, weight: -1}]", "weight of a is -1"),
        ("train: []", "no sources"),
        ("steps: 0\ntrain: [{path: a, form: slices}]", "at least 1"),
        ("decay_share: 2\ntrain: [{path: a, form: slices}]", "decay_share is 2"),
        ("- a list", "expected keys and values"),
        ("learning_rate: fast", "learning_rate is 'fast', expected a number"),
        ('precision: "16"', "precision is '16', expected '32-true' or 'bf16-mixed'"),
        ("steps: 10.5", "steps is 10.5, expected int"),
        ("steps: true", "steps is True, expected int"),
        ("workers: -1\ntrain: [{path: a, form: slices}]", "at least 0"),
        ("average_decay: 5\ntrain: [{path: a, form: slices}]", "average_decay is 5"),
        ("train: abc", "train is 'abc'"),
        ("view: {side_px: a}", "side_px is 'a', expected int"),
        ("index_file: 3", "index_file is 3, expected str"),
        ("train: [{path: a, form: slices, axes: 3}]", "axes is 3"),
        ("a: [unclosed", "cannot read"),
        ("view: {shape_px: [320]}", r"shape_px is \[320\], expected 2 values"),
        ("view: {shape_px: [320, 0]}", r"the input is \[320, 0\] px"),
        ("view: {crop_scale: [2.0, 1.0]}", "crop_scale is"),
        ("view: {framing: zoomed}", "framing is 'zoomed', expected 'zoom' or 'crop'"),
        ("optimiser: sgd", "optimiser is 'sgd', expected 'adamw' or 'adam'"),
        ("schedule: cosine", "schedule is 'cosine'"),
        ("augmentation: none", "augmentation is 'none'"),
        ("prefetch: 0\ntrain: [{path: a, form: slices}]", "prefetch is 0"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        read_config(write(tmp_path / "c.yaml", text), ClickTrainingConfig)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="absent"):
        read_config(tmp_path / "absent.yaml", ClickTrainingConfig)


def test_no_source_is_an_error():
    with pytest.raises(ConfigError, match="no sources"):
        ClickTrainingConfig()


@pytest.mark.parametrize(
    ("name", "kind", "architecture"),
    [
        ("compact", ClickTrainingConfig, "compact-small"),
        ("stcn-small", PropagationTrainingConfig, "stcn-small"),
        ("stcn-static", PropagationTrainingConfig, "stcn-small"),
        ("stcn-volume", PropagationTrainingConfig, "stcn-small"),
    ],
)
def test_shipped_recipes_can_be_read(name, kind, architecture):
    config = read_config(CONFIGS / f"{name}.yaml", kind)
    assert config.architecture == architecture
    assert all(isinstance(source, SourceConfig) for source in config.train)


def test_the_recipe_of_the_paper_can_be_said(tmp_path):
    """The recipe that docs/training.md shows, its values compared with those that were published."""
    text = (CONFIGS.parent / "docs" / "training.md").read_text(encoding="utf-8")
    recipe = text.split("```yaml\n")[1].split("```")[0]
    config = read_config(write(tmp_path / "paper.yaml", recipe), ClickTrainingConfig)
    assert config.view.input_shape_px == (320, 480)
    assert (config.view.framing, config.view.crop_scale) == ("crop", (0.75, 1.4))
    assert (config.optimiser, config.learning_rate, config.betas) == ("adam", 5e-4, (0.9, 0.999))
    rates = [
        round(learning_rate_factor(step, dataclasses.replace(config, steps=55)), 6)
        for step in (0, 48, 49, 50, 54)
    ]
    assert rates == [1.0, 1.0, 1.0, 0.1, 0.1]
    assert (config.focal_alpha, config.focal_gamma, config.auxiliary_weight) == (0.5, 2.0, 0.4)
    assert (config.batch_size, config.first_click_decay, config.most_rounds) == (32, 0.8, 3)


def test_a_square_view_may_be_said_by_its_side():
    assert ViewConfig(side_px=96).input_shape_px == (96, 96)
    assert ViewConfig(shape_px=(64, 96)).input_shape_px == (64, 96)


def test_the_second_stage_of_propagation_starts_from_the_weights_of_the_first():
    first, second = (
        read_config(CONFIGS / f"stcn-{stage}.yaml", PropagationTrainingConfig)
        for stage in ("static", "volume")
    )
    assert {source.form for source in first.train} == {"slices"}
    assert "volumes" in {source.form for source in second.train}
    assert first.start_from is None
    assert second.start_from == "runs/stcn-static/weights.safetensors"
    assert first.elastic_px > second.elastic_px
    assert second.cycle_weight > first.cycle_weight == 0
