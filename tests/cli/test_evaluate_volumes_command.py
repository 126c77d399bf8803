import json
import sys
from pathlib import Path

import numpy as np
import pytest

from isegformer.evaluation.shape_peers import has_itk
from isegformer.models import weights_sha256
from isegformer.volume import LabelMap, write_label_map

sys.path.insert(0, str(Path(__file__).parents[1] / "evaluation"))  # import mode importlib leaves tests off it

from volume_fakes import GRID, bars, write_bars  # found through the line above


@pytest.fixture
def folder(tmp_path):
    return write_bars(tmp_path / "bars")


def test_the_file_has_the_numbers_of_every_method_and_peer(run, folder, stcn_weights, tmp_path):
    done = run(
        "evaluate", "volumes", folder, "--axis", 2, "--slices", "1,3", "--weights", stcn_weights, "--methods",
        "combined,stcn", "--peers", "signed-distance", "--device", "cpu", "--labels", "2",
        "--json", tmp_path / "out.json",
    )  # fmt: skip
    assert done.code == 0, done.err
    summary = json.loads((tmp_path / "out.json").read_text())
    assert (summary["kind"], summary["format"]) == ("volumes", 1)
    numbers = summary["datasets"]["bars"]
    assert numbers["cases"] == 2
    assert list(numbers["dice"]) == ["1", "3"]
    assert numbers["dice"]["3"] == 1.0  # on all three slices of the object its labels are given
    assert numbers["peers"]["signed-distance"]["dice"] == pytest.approx({"1": 0.5, "3": 1.0})
    assert list(summary["methods"]) == ["combined", "stcn", "signed-distance"]
    assert {tuple(entry["methods"]) for entry in summary["differences"]} == {
        ("combined", "stcn"), ("combined", "signed-distance"),
    }  # fmt: skip
    assert summary["failed"] == []
    configuration = summary["configuration"]
    assert configuration["methods"]["stcn"]["sha256"] == weights_sha256(stcn_weights)
    assert (configuration["counts"], configuration["spread"], configuration["tolerance_mm"]) == (
        [1, 3],
        "inside",
        1,
    )
    assert summary["environment"]["device"] == "cpu"
    assert "bars: 2 objects" in done.out
    assert "objects on fewer slices" not in done.err


def test_a_page_and_a_table_show_every_object(run, folder, tmp_path):
    done = run(
        "evaluate", "volumes", folder, "--methods", "interpolate", "--peers", "none", "--slices", "2",
        "--report", tmp_path / "out.html", "--csv", tmp_path / "out.csv",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "Evaluation of propagation in volumes" in (tmp_path / "out.html").read_text(encoding="utf-8")
    lines = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + json.loads(done_json(run, folder))["datasets"]["bars"]["cases"]


def done_json(run, folder):
    return run(
        "evaluate", "volumes", folder, "--methods", "interpolate", "--peers", "none", "--slices", "2",
        "--json", "-",
    ).out  # fmt: skip


def test_results_can_be_printed_as_json(run, folder):
    done = run(
        "evaluate", "volumes", folder, "--methods", "interpolate", "--peers", "none", "--limit", 1,
        "--slices", "2", "--spread", "to-ends", "--json", "-",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.record["datasets"]["bars"]["dice"] == {"2": 1.0}
    assert done.record["datasets"]["bars"]["peers"] == {}


def test_the_papers_numbers_of_slices_and_all_peers_here_are_the_default(run, folder):
    done = run("evaluate", "volumes", folder, "--methods", "interpolate", "--labels", "2", "--json", "-")
    assert done.code == 0, done.err
    numbers = done.record["datasets"]["bars"]
    assert list(numbers["dice"]) == ["1", "3", "5", "10"]
    assert list(numbers["peers"]) == ["signed-distance", *(["morphological"] if has_itk() else [])]
    assert ("left out morphological" in done.err) != has_itk()
    assert numbers["fewer_slices"] == {"1": 0, "3": 0, "5": 2, "10": 2}
    assert "bars: 2 of 2 objects, asked for 5 (3.0 on average)" in " ".join(done.err.split())


def test_slices_can_be_listed_instead(run, folder):
    done = run(
        "evaluate", "volumes", folder, "--at", "2,4", "--axis", 2, "--methods", "interpolate", "--peers",
        "none", "--labels", "2", "--json", "-",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.record["datasets"]["bars"]["dice"] == {"at 2,4": 1.0}


def test_an_evaluation_in_a_folder_goes_on_with_resume_only(run, folder, tmp_path):
    output = tmp_path / "run"
    command = (
        "evaluate", "volumes", folder, "--methods", "interpolate", "--peers", "none", "--output", output,
    )  # fmt: skip
    first = run(*command, "--slices", "1,2")
    assert first.code == 0, first.err
    lines = (output / "records.jsonl").read_text().splitlines()
    assert len(lines) == 4 * 2
    summary = json.loads((output / "summary.json").read_text())
    again = run(*command, "--slices", "1,2")
    assert again.code == 1
    assert "go on with --resume" in again.err
    other = run(*command, "--slices", "1", "--resume")
    assert other.code == 1
    assert "counts was [1, 2], now [1]" in other.err
    (output / "records.jsonl").write_text("\n".join(lines[:4]))  # the fourth is torn
    resumed = run(*command, "--slices", "1,2", "--resume")
    assert resumed.code == 0, resumed.err
    assert (output / "records.jsonl").read_text().splitlines()[:3] == lines[:3]
    second = json.loads((output / "summary.json").read_text())
    for one in (summary, second):
        del one["datasets"]["bars"]["seconds"]
    assert second["datasets"] == summary["datasets"]


def test_volumes_that_fail_are_named_and_the_exit_code_says_so(run, folder, tmp_path):
    labels = bars()
    labels[labels == 2] = 0
    write_label_map(LabelMap(labels, GRID), folder / "bars_0_label.nii.gz")
    write_label_map(
        LabelMap(np.ones((2, 3, 4), np.uint16), GRID.__class__((2, 3, 4), np.eye(4))),
        folder / "bars_1_label.nii.gz",
    )
    done = run(
        "evaluate", "volumes", folder, "--methods", "interpolate", "--peers", "none", "--slices", "1",
        "--labels", "1,2", "--json", tmp_path / "out.json",
    )  # fmt: skip
    assert done.code == 1
    told = " ".join(done.err.split())
    assert "failed: bars bars_0, label 2: label 2 is not in the case, which has [1]" in told
    assert (
        "failed: bars bars_1: case 'bars_1' cannot be used: image and label map lie on different grids"
        in told
    )
    summary = json.loads((tmp_path / "out.json").read_text())
    numbers = summary["datasets"]["bars"]
    assert (numbers["cases"], numbers["failed_cases"]) == (1, 2)
    assert numbers["dice"]["1"] > 0


def test_a_robot_user_works_under_its_budget_and_goes_on_with_resume(run, folder, click_weights, tmp_path):
    output = tmp_path / "run"
    command = (
        "evaluate", "volumes", folder, "--methods", "interpolate", "--peers", "none", "--slices", "1",
        "--labels", "2", "--robot", "even,worst", "--click-weights", click_weights, "--robot-slices", 3,
        "--robot-clicks", 12, "--device", "cpu", "--output", output,
    )  # fmt: skip
    done = run(*command)
    assert done.code == 0, done.err
    assert "bars: robot users" in done.out
    summary = json.loads((output / "summary.json").read_text())
    robots = summary["robots"]["bars"]["interpolate"]
    assert list(robots) == ["even", "worst"]
    assert robots["even"]["cases"] == 2
    assert 1 <= len(robots["even"]["dice_by_slices"]) <= 3
    assert summary["datasets"]["bars"]["measured"] == {"1": 2}
    assert summary["configuration"]["click_weights"]["sha256"] == weights_sha256(click_weights)
    lines = (output / "records.jsonl").read_text().splitlines()
    assert len(lines) == 2 + 2 * 2
    (output / "records.jsonl").write_text("\n".join(lines[:-1]) + "\n")
    resumed = run(*command, "--resume")
    assert resumed.code == 0, resumed.err
    assert (output / "records.jsonl").read_text().splitlines()[:-1] == lines[:-1]


def test_a_robot_user_works_with_peers_too(run, folder):
    done = run(
        "evaluate", "volumes", folder, "--axis", 2, "--methods", "interpolate", "--peers", "signed-distance",
        "--slices", "1", "--labels", "2", "--robot", "suggested,even", "--robot-annotator", "truth",
        "--robot-slices", 2, "--json", "-",
    )  # fmt: skip
    assert done.code == 0, done.err
    robots = done.record["robots"]["bars"]
    assert {method: list(strategies) for method, strategies in robots.items()} == {
        "interpolate": ["suggested", "even"], "signed-distance": ["suggested", "even"],
    }  # fmt: skip
    after = robots["signed-distance"]["even"]["dice_by_slices"]
    assert after["1"]["mean"] == pytest.approx(2 * 1 / (1 + 3))  # one of three equal slices
    assert robots["signed-distance"]["suggested"]["failed_cases"] == 0
    compared = [one for one in done.record["robot_differences"] if one["quantity"] == "slices@90"]
    assert [(one["methods"], one["strategies"]) for one in compared] == [
        (["interpolate", "interpolate"], ["suggested", "even"]),
        (["signed-distance", "signed-distance"], ["suggested", "even"]),
        (["interpolate", "signed-distance"], ["suggested", "suggested"]),
        (["interpolate", "signed-distance"], ["even", "even"]),
    ]
    assert compared[3]["mean"] == 0  # both interpolate


def test_a_robot_can_be_given_slices_instead_of_clicking(run, folder):
    done = run(
        "evaluate", "volumes", folder, "--methods", "interpolate", "--peers", "none", "--slices", "1",
        "--labels", "2", "--robot", "even", "--robot-annotator", "truth", "--json", "-",
    )  # fmt: skip
    assert done.code == 0, done.err
    numbers = done.record["robots"]["bars"]["interpolate"]["even"]
    assert numbers["dice_by_clicks"] == {}
    assert numbers["enough"]["share"]["mean"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("absent",), 2, "does not exist"),
        (("bars", "--resume"), 2, "--output FOLDER"),
        (("bars", "--slices", "a"), 2, "whole numbers"),
        (("bars", "--slices", "0"), 1, "number of slices is 0"),
        (("bars", "--slices", "2,2"), 1, "given slices are ['2', '2']"),
        (("bars", "--at", "3,3"), 1, "expected different indices"),
        (("bars", "--spread", "outside"), 2, "to-ends"),
        (("bars", "--methods", "guess"), 1, "expected one of: combined, stcn, interpolate"),
        (("bars", "--peers", "guess"), 1, "expected one of: signed-distance, morphological"),
        (("bars", "--weights", "no-such"), 1, "neither a file nor a name"),
        (("bars", "--weights", "compact"), 1, "expected a propagation network"),
        (("bars", "--tolerance-mm", "-1"), 2, "tolerance-mm"),
        (("bars", "--robot", "guess"), 1, "expected one of: suggested, suggested-in-extent"),
        (("bars", "--robot", "even", "--robot-dice", "2"), 1, "up to a Dice of 2.0"),
        (("bars", "--robot", "even", "--click-weights", "no-such"), 1, "neither a file nor a name"),
    ],
)
def test_wrong_calls_say_what_to_do(run, folder, monkeypatch, arguments, code, told):
    monkeypatch.chdir(folder.parent)
    done = run("evaluate", "volumes", *arguments)
    assert done.code == code
    assert told in " ".join(done.err.replace("│", " ").split())


def test_without_monai_it_says_what_to_install(run, folder, monkeypatch):
    monkeypatch.setattr("isegformer.cli.extras.find_spec", lambda name: None)
    done = run("evaluate", "volumes", folder)
    assert done.code == 1
    assert "monai is not installed; run: pip install 'isegformer[evaluate]'" in done.err
