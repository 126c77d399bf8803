import json

import numpy as np
import pytest

from isegformer.adaptation import click_job, propagation_job
from isegformer.adaptation.job import AdaptationJob
from isegformer.adaptation.validation import ClickScore
from isegformer.models import available, own_folder
from isegformer.volume import Geometry, LabelMap, write_label_map

SHAPE = (24, 26, 16)


@pytest.fixture(autouse=True)
def own_weights(tmp_path, monkeypatch):
    """Keep new weights in a folder of the test; make legs of two steps."""
    monkeypatch.setenv("ISEGFORMER_WEIGHTS", str(tmp_path / "own"))
    monkeypatch.setattr(click_job, "LEG_STEPS", 2)
    monkeypatch.setattr(propagation_job, "LEG_STEPS", 1)
    monkeypatch.setattr(propagation_job, "SIDE_PX", 32)
    monkeypatch.setattr(propagation_job, "BATCH", 2)


@pytest.fixture
def cases(tmp_path):
    """Return a folder with two volumes, each with a bright ball, and their label maps."""
    folder = tmp_path / "cases"
    folder.mkdir()
    i, j, k = np.indices(SHAPE)
    geometry = Geometry(SHAPE, np.diag([1.0, 1.0, 2.0, 1.0]))
    for number in range(2):
        ball = (i - 12 - number) ** 2 + (j - 13) ** 2 + (k - 8) ** 2 < 36
        noise = np.random.default_rng(number).integers(0, 20, SHAPE)
        for part, values in (("image", ball * 100 + noise), ("label", 3 * ball)):
            path = folder / f"case{number}_{part}.nii.gz"
            write_label_map(LabelMap(values.astype(np.uint16), geometry), path)
    return folder


def better_from(step, *, before, after):
    """Return a score of clicks that is `after` from the leg of `step` on; legs count their calls."""
    asked = []

    def scored(_predictor, items):
        asked.append(items)
        return ClickScore(needed=(before if len(asked) <= step else after,) * len(items))

    return scored


def test_better_weights_are_entered_with_a_card(run, cases, click_weights, tmp_path, monkeypatch):
    monkeypatch.setattr(click_job, "score_clicks", better_from(1, before=9, after=4))
    done = run(
        "adapt", cases, "--name", "my-ball", "--networks", "click", "--weights", click_weights,
        "--run", tmp_path / "run", "--device", "cpu", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    (network,) = done.record["networks"]
    assert (network["name"], network["improved"]) == ("my-ball", True)
    assert (network["before"], network["after"]) == (9.0, 4.0)
    assert len(network["train_cases"]) == len(network["validation_cases"]) == 1
    assert "click, step 0: 9.000 (best 9.000)" in done.err
    assert "min left" in done.err
    assert "Entered as my-ball" in done.err
    assert "my-ball" in [entry.name for entry in available()]
    assert "9.000 before, 4.000 after 2 steps" in (own_folder() / "my-ball.md").read_text()
    listed = run("weights", "list")
    assert "your own" in listed.out
    used = run("info", "my-ball", "--json")
    assert used.record["sha256"] == next(entry.sha256 for entry in available() if entry.name == "my-ball")


def test_weights_that_are_no_better_are_not_entered(run, cases, click_weights, tmp_path, monkeypatch):
    monkeypatch.setattr(click_job, "score_clicks", better_from(1, before=4, after=4))
    done = run(
        "adapt", cases, "--name", "my-ball", "--networks", "click", "--weights", click_weights,
        "--run", tmp_path / "run", "--device", "cpu", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    (network,) = done.record["networks"]
    assert (network["name"], network["improved"]) == (None, False)
    assert "stays and nothing is entered" in done.err
    assert "my-ball" not in [entry.name for entry in available()]


def test_both_networks_are_trained_and_measured_on_the_kept_case(
    run, cases, click_weights, stcn_weights, tmp_path
):
    done = run(
        "adapt", cases, "--name", "my-ball", "--run", tmp_path / "run", "--minutes", 0.2,
        "--weights", click_weights, "--propagation-weights", stcn_weights, "--device", "cpu", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    click, propagation = done.record["networks"]
    assert (click["kind"], propagation["kind"]) == ("click", "propagation")
    assert 1 <= click["before"] <= 20
    assert 0 <= propagation["before"] <= 1
    assert click["after"] <= click["before"]
    assert propagation["after"] >= propagation["before"]
    assert click["steps"] >= 2


def test_a_run_goes_on_where_it_ended(run, cases, click_weights, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    train_to = AdaptationJob.train_to

    def interrupted(job, step):
        if step == 4:
            raise KeyboardInterrupt
        return train_to(job, step)

    monkeypatch.setattr(AdaptationJob, "train_to", interrupted)
    monkeypatch.setattr(click_job, "score_clicks", better_from(1, before=9, after=4))
    arguments = ("--networks", "click", "--weights", click_weights, "--run", folder, "--device", "cpu")
    first = run("adapt", cases, "--name", "my-ball", *arguments)
    assert first.code == 130
    assert "my-ball" not in [entry.name for entry in available()]
    again = run("adapt", cases, "--name", "my-ball", *arguments)
    assert again.code == 1
    assert "go on with --resume" in again.err
    monkeypatch.setattr(AdaptationJob, "train_to", train_to)
    resumed = run("adapt", "--resume", "--run", folder, "--device", "cpu", "--json")
    assert resumed.code == 0, resumed.err
    assert resumed.record["networks"][0]["steps"] == 8
    steps = [json.loads(line)["step"] for line in (folder / "click" / "legs.jsonl").read_text().splitlines()]
    assert steps == [0, 2, 4, 6, 8]
    assert "my-ball" in [entry.name for entry in available()]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--name", "x"), 2, "give the cases"),
        (("CASES",), 2, "--name"),
        (("CASES", "--name", "X y"), 1, "cannot be called"),
        (("CASES", "--name", "compact"), 1, "exist already"),
        (("absent", "--name", "x"), 1, "is not a folder of cases"),
        (("--resume",), 2, "--resume takes --run"),
        (("--resume", "--run", "absent"), 1, "holds no run that can go on"),
    ],
)
def test_wrong_calls_say_what_to_do(run, cases, tmp_path, monkeypatch, arguments, code, told):
    monkeypatch.chdir(tmp_path)
    done = run("adapt", *(cases if argument == "CASES" else argument for argument in arguments))
    assert done.code == code
    assert told in " ".join(done.err.split())
    assert not (tmp_path / "adapt-x").exists()
