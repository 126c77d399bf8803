from pathlib import Path

import pytest
import yaml

from isegformer.errors import ConfigError
from isegformer.training.config import (
    ClickTrainingConfig,
    PropagationTrainingConfig,
    SourceConfig,
    from_record,
    read_config,
    to_record,
)

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
    ("name", "kind"), [("compact", ClickTrainingConfig), ("stcn-small", PropagationTrainingConfig)]
)
def test_shipped_recipes_can_be_read(name, kind):
    config = read_config(CONFIGS / f"{name}.yaml", kind)
    assert config.architecture == name
    assert all(isinstance(source, SourceConfig) for source in config.train)
