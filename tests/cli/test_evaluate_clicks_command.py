import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from isegformer.models import weights_sha256
from isegformer.volume import LabelMap, write_label_map

sys.path.insert(0, str(Path(__file__).parents[1] / "evaluation"))  # import mode importlib leaves tests off it

from evaluation_fakes import write_cells  # found through the line above


@pytest.fixture
def cells(tmp_path):
    return write_cells(tmp_path / "cells")


def test_the_file_has_the_numbers_of_every_folder_and_method(run, cells, click_weights, tmp_path):
    other = write_cells(tmp_path / "other", n_images=1)
    done = run(
        "evaluate", "clicks", cells, other, "--weights", click_weights, "--user", "centre", "--user", "human",
        "--device", "cpu", "--json", tmp_path / "out.json",
    )  # fmt: skip
    assert done.code == 0, done.err
    summary = json.loads((tmp_path / "out.json").read_text())
    assert (summary["kind"], summary["format"]) == ("clicks", 1)
    assert list(summary["datasets"]) == ["cells", "other"]
    assert [numbers["cases"] for numbers in summary["datasets"].values()] == [6, 2]
    assert list(summary["methods"]) == ["click.safetensors", "click.safetensors, human clicks"]
    numbers = summary["datasets"]["cells"]
    assert all(1 <= numbers["noc"][name] <= 20 for name in ("80", "85", "90", "95"))
    assert all(0 <= numbers["failures"][name] <= 1 for name in ("80", "85", "90", "95"))
    assert 0 < numbers["seconds_per_click"]["median"] <= numbers["seconds_per_click"]["p95"]
    assert numbers["memory"]["rss_peak_mb"] > 1
    assert summary["failed"] == []
    assert {entry["dataset"] for entry in summary["differences"]} == {"cells", "other"}
    configuration = summary["configuration"]
    assert configuration["paths"] == {"cells": str(cells), "other": str(other)}
    assert configuration["methods"]["click.safetensors"]["sha256"] == weights_sha256(click_weights)
    assert (configuration["users"], configuration["protocol"]) == (["centre", "human"], "own")
    assert summary["environment"]["device"] == "cpu"
    assert "clicks to IoU 0.85" in done.out
    assert "human clicks" in done.out


def test_results_can_be_printed_as_json(run, cells):
    done = run("evaluate", "clicks", cells, "--limit", 1, "--device", "cpu", "--json", "-")
    assert done.code == 0, done.err
    assert done.record["datasets"]["cells"]["cases"] == 1
    assert list(done.record["methods"]) == ["compact"]
    assert done.record["datasets"]["cells"]["noc_interval"]["85"] is None
    assert "cells: one image or volume was measured, so that its means have no interval" in done.err


def test_an_evaluation_in_a_folder_goes_on_with_resume_only(run, cells, click_weights, tmp_path):
    folder = tmp_path / "run"
    command = ("evaluate", "clicks", cells, "--weights", click_weights, "--device", "cpu", "--output", folder)
    first = run(*command)
    assert first.code == 0, first.err
    assert (folder / "records.jsonl").read_text().count("\n") == 6
    summary = json.loads((folder / "summary.json").read_text())
    again = run(*command)
    assert again.code == 1
    assert "go on with --resume" in again.err
    other = run(*command, "--resume", "--limit", 3)
    assert other.code == 1
    assert "limit was None, now 3" in other.err
    lines = (folder / "records.jsonl").read_text().splitlines()
    (folder / "records.jsonl").write_text("\n".join(lines[:4]))  # the fourth is torn
    resumed = run(*command, "--resume", "--workers", 2)
    assert resumed.code == 0, resumed.err
    assert (folder / "records.jsonl").read_text().splitlines()[:3] == lines[:3]
    second = json.loads((folder / "summary.json").read_text())
    assert second["environment"]["workers"] == 2
    for numbers in (summary["datasets"]["cells"], second["datasets"]["cells"]):
        del numbers["seconds_per_click"], numbers["memory"]
    assert second["datasets"] == summary["datasets"]


def test_cases_that_fail_are_named_and_the_exit_code_says_so(run, cells, click_weights, tmp_path):
    labels = cv2.imread(str(cells / "labels" / "cell_1.png"), cv2.IMREAD_UNCHANGED)
    cv2.imwrite(str(cells / "labels" / "cell_1.png"), labels[:, :-2])
    (cells / "labels" / "cell_2.png").unlink()
    (tmp_path / "empty").mkdir()
    done = run(
        "evaluate", "clicks", tmp_path / "empty", cells, "--weights", click_weights, "--device", "cpu",
        "--json", tmp_path / "out.json",
    )  # fmt: skip
    assert done.code == 1
    assert "failed: empty: " in done.err
    assert "failed: cells cell_1: case 'cell_1' cannot be used: labels have shape (24, 29)" in done.err
    assert "failed: cells cell_2: it has an image but no labels" in done.err
    assert "3 failed; the numbers are those of the others" in done.err
    summary = json.loads((tmp_path / "out.json").read_text())
    assert (summary["datasets"]["cells"]["cases"], summary["datasets"]["cells"]["failed_cases"]) == (2, 2)
    assert summary["datasets"]["empty"]["noc"] == dict.fromkeys(("80", "85", "90", "95"))
    assert [entry["case"] for entry in summary["failed"]] == ["", "cell_2", "cell_1"]


def test_the_last_object_of_every_image_and_lists_of_cases_can_be_asked_for(run, cells, tmp_path):
    index = tmp_path / "index.json"
    index.write_text(json.dumps({"cells": {"val": ["cell_0", "cell_2"]}}))
    done = run(
        "evaluate", "clicks", cells, "--cases", f"{index}:val", "--objects", "last", "--device", "cpu",
        "--protocol", "ritm-400", "--output", tmp_path / "run",
    )  # fmt: skip
    assert done.code == 0, done.err
    records = [json.loads(line) for line in (tmp_path / "run" / "records.jsonl").read_text().splitlines()]
    assert [(record["key"]["case"], record["key"]["label"]) for record in records] == [
        ("cell_0", 2), ("cell_2", 2),
    ]  # fmt: skip


def test_volumes_are_cut_across_the_axis_that_is_asked_for(run, volume_file, ball, geometry, tmp_path):
    folder = tmp_path / "balls"
    folder.mkdir()
    volume_file.rename(folder / "a_image.nii.gz")
    write_label_map(LabelMap(ball.astype(np.uint16), geometry), folder / "a_label.nii.gz")
    for options, case in (((), "a axis 2 slice 6"), (("--axis", 0, "--at", "12"), "a axis 0 slice 12")):
        output = tmp_path / case
        done = run("evaluate", "clicks", folder, "--device", "cpu", "--output", output, *options)
        assert done.code == 0, done.err
        (record,) = (output / "records.jsonl").read_text().splitlines()
        assert json.loads(record)["key"]["case"] == case


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("absent",), 2, "does not exist"),
        ((), 2, "PATH"),
        (("cells", "--resume"), 2, "--output FOLDER"),
        (("cells", "--labels", "a"), 2, "whole numbers"),
        (("cells", "--objects", "first"), 2, "last"),
        (("cells", "cells"), 1, "is given twice"),
        (("cells", "--weights", "no-such"), 1, "neither a file nor a name"),
        (("cells", "--weights", "stcn-small"), 1, "expected a click network"),
        (("cells", "--weights", "compact", "--weights", "compact"), 1, "is given twice"),
        (("cells", "--peers", "no-such"), 1, "peer is 'no-such'"),
        (("cells", "--user", "no-such"), 1, "user is 'no-such', expected one of: centre, human"),
        (("cells", "--protocol", "no-such"), 1, "protocol is 'no-such', expected one of: own, ritm"),
        (("cells", "--form", "no-such"), 1, "form is 'no-such'"),
        (("cells", "--cases", "val"), 1, "expected FILE:SPLIT"),
        (("cells", "--json", "absent/out.json"), 1, "cannot write absent/out.json"),
        (("cells", "--report", "absent/out.html"), 1, "cannot write absent/out.html"),
        (("cells", "--csv", "cells"), 1, "cannot write cells"),
    ],
)
def test_wrong_calls_say_what_to_do(run, cells, monkeypatch, arguments, code, told):
    monkeypatch.chdir(cells.parent)
    done = run("evaluate", "clicks", *arguments)
    assert done.code == code
    assert told in " ".join(done.err.replace("│", " ").split())


def test_a_report_shows_the_cases_and_a_table_holds_them(run, cells, click_weights, tmp_path):
    done = run(
        "evaluate", "clicks", cells, "--weights", click_weights, "--device", "cpu",
        "--report", tmp_path / "out.html", "--csv", tmp_path / "out.csv",
    )  # fmt: skip
    assert done.code == 0, done.err
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert page.count('<img src="data:image/png;base64,') == 6
    assert "No picture" not in page
    assert len((tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()) == 1 + 6


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX")
def test_a_person_at_a_terminal_sees_bars(cells, click_weights):
    master, slave = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from isegformer.cli.main import main; main()", "evaluate", "clicks",
         str(cells), "--weights", str(click_weights), "--device", "cpu", "--limit", "1"],
        stdout=subprocess.PIPE, stderr=slave, env=dict(os.environ, TERM="xterm"),
    )  # fmt: skip
    os.close(slave)
    with process:
        assert b"clicks to IoU 0.85" in process.stdout.read()
    shown = os.read(master, 100_000)
    os.close(master)
    assert process.returncode == 0, shown
    assert b"cases searched" in shown
    assert b"objects clicked" in shown
