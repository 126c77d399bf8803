"""`isegformer train`: arguments reach the trainer; the extra is asked for by name."""

import sys
from types import ModuleType

import pytest
from lightning.pytorch.utilities import rank_zero_only

from isegformer.cli import extras, train_run
from isegformer.training.hardware import Hardware


@pytest.fixture
def trainer(monkeypatch, tmp_path):
    """Replace the training runs by ones that note what they were asked, and print as lightning does."""
    calls = []

    def noted(name):
        def train(*arguments, **named):
            calls.append((name, arguments, named))
            sys.stdout.write("Epoch 0: 100%\n")
            return tmp_path / "weights.safetensors"

        return train

    for module, names in (
        ("click_run", ("train_clicks", "resume_clicks")),
        ("propagation_run", ("train_propagation", "resume_propagation")),
    ):
        fake = ModuleType(f"isegformer.training.{module}")
        for name in names:
            setattr(fake, name, noted(name))
        monkeypatch.setitem(sys.modules, fake.__name__, fake)
    monkeypatch.setattr(train_run, "require_extra", lambda *_, **__: None)
    return calls


@pytest.fixture
def config_file(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(
        "architecture: compact\ntrain:\n  - {path: a, form: slices}\nsteps: 7\n", encoding="utf-8"
    )
    return path


def test_a_new_run_is_started_and_only_the_result_is_printed(run, trainer, config_file, tmp_path):
    done = run("train", config_file, "--data", tmp_path, "--run", tmp_path / "run", "--json")
    assert done.code == 0, done.err
    (call,) = trainer
    assert call[0] == "train_clicks"
    assert call[1][0].steps == 7
    assert call[2] == {
        "data_root": tmp_path,
        "run_path": tmp_path / "run",
        "hardware": Hardware(),
    }
    assert done.record["weights"].endswith("weights.safetensors")
    assert "Epoch 0" in done.err


def test_weights_replace_the_start_of_the_configuration(run, trainer, config_file, tmp_path):
    run("train", config_file, "--data", tmp_path, "--run", tmp_path / "run", "--weights", "compact")
    assert trainer[0][1][0].start_from == "compact"


def test_values_replace_those_of_the_configuration(run, trainer, config_file, tmp_path):
    config_file.write_text(config_file.read_text() + "view: {side_px: 64, aspect: 1.5}\n", encoding="utf-8")
    done = run(
        "train", config_file, "--data", tmp_path, "--run", tmp_path / "run",
        "--set", "view.side_px=96", "--set", "seed=4",
    )  # fmt: skip
    assert done.code == 0, done.err
    config = trainer[0][1][0]
    assert (config.view.side_px, config.view.aspect, config.seed, config.steps) == (96, 1.5, 4, 7)


def test_unknown_values_and_values_for_a_run_that_exists_are_refused(run, trainer, config_file, tmp_path):
    unknown = run("train", config_file, "--data", tmp_path, "--run", tmp_path, "--set", "stepps=4")
    assert unknown.code == 1
    assert "no stepps" in unknown.err
    resumed = run("train", "--resume", "--data", tmp_path, "--run", tmp_path, "--set", "steps=4")
    assert resumed.code == 2
    assert "--weights and --set start a new run" in " ".join(resumed.err.split())


def test_the_architecture_chooses_the_kind_of_training(run, trainer, config_file, tmp_path):
    config_file.write_text(
        "architecture: stcn-small\ntrain:\n  - {path: a, form: volumes}\n", encoding="utf-8"
    )
    run("train", config_file, "--data", tmp_path, "--run", tmp_path / "run")
    run(
        "train", "--resume", "--data", tmp_path, "--run", tmp_path
    )  # config.yaml lies there as in a run folder
    assert [call[0] for call in trainer] == ["train_propagation", "resume_propagation"]


def test_a_click_run_is_resumed(run, trainer, config_file, tmp_path):
    done = run("train", "--resume", "--data", tmp_path, "--run", tmp_path)
    assert done.code == 0, done.err
    assert trainer == [("resume_clicks", (tmp_path,), {"data_root": tmp_path, "hardware": Hardware()})]


def test_the_hardware_reaches_the_trainer(run, trainer, config_file, tmp_path):
    options = ("--device", "cuda", "--devices", 4, "--num-nodes", 2)
    run("train", config_file, "--data", tmp_path, "--run", tmp_path / "run", *options)
    assert trainer[0][2]["hardware"] == Hardware(device="cuda", devices=4, num_nodes=2)


def test_only_the_first_process_reports(run, trainer, config_file, tmp_path, monkeypatch):
    monkeypatch.setattr(rank_zero_only, "rank", 1)
    done = run("train", config_file, "--data", tmp_path, "--run", tmp_path / "run", "--json")
    assert (done.code, done.out) == (0, "")


def test_an_unknown_device_is_refused(run, trainer, config_file, tmp_path):
    done = run("train", config_file, "--data", tmp_path, "--run", tmp_path / "run", "--device", "gpu")
    assert done.code == 1
    assert "device is 'gpu'" in done.err


@pytest.mark.parametrize("content", [None, ": ["])
def test_a_configuration_that_cannot_be_read_is_told(run, trainer, tmp_path, content):
    path = tmp_path / "broken.yaml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    done = run("train", path, "--data", tmp_path, "--run", tmp_path / "run")
    assert done.code == 1
    assert "cannot read configuration" in done.err


def test_a_missing_extra_is_named(run, monkeypatch, config_file, tmp_path):
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "lightning" else object())
    done = run("train", config_file, "--data", tmp_path, "--run", tmp_path / "run")
    assert done.code == 1
    assert done.err == "error: lightning is not installed; run: pip install 'isegformer[train]'\n"
