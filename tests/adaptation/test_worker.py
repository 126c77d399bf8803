"""The process that a server starts to adapt: what it reads, and what it says."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from isegformer.adaptation import worker
from isegformer.adaptation.adapt import Progress
from isegformer.volume import Geometry, LabelMap, write_label_map

SHAPE = (6, 7, 5)


@pytest.fixture
def folder(tmp_path):
    """Return a folder that asks for adapting to one case."""
    voxels = np.arange(np.prod(SHAPE), dtype=np.uint16).reshape(SHAPE)
    write_label_map(LabelMap(voxels, Geometry(SHAPE, np.eye(4))), tmp_path / "scan.nii.gz")
    labels = np.zeros(SHAPE, np.uint16)
    labels[2:4, 2:5, 1:4] = 7
    np.save(tmp_path / "a.npy", labels)
    case = {
        "name": "scan",
        "volume": str(tmp_path / "scan.nii.gz"),
        "spacing_mm": None,
        "labels": "a.npy",
        "known": {"2": [1, 3]},
        "window": [0.0, 100.0],
    }
    request = {"cases": [case], "start_from": "compact", "device": "cpu", "minutes": 2.5}
    (tmp_path / worker.REQUEST).write_text(json.dumps(request))
    return tmp_path


class Said(list):
    def __call__(self, said):
        self.append(dict(said))


def stand_in(monkeypatch, *, weights, asked):
    """Let adapting be done by something that takes no time."""

    class Record:
        measure, before, after = "mean clicks", 9.0, 6.5

    class Report:
        record = Record

    Report.weights = weights

    def adapt_cases(kind, cases, *, on_progress, **options):
        asked.append((kind, cases, options))
        on_progress(Progress(kind=kind, step=0, measured=9.0, best=9.0, seconds=1.0, seconds_left=60.0))
        return Report

    monkeypatch.setattr(worker, "adapt_cases", adapt_cases)


def test_the_case_is_read_as_it_was_written_and_the_end_is_reported(folder, monkeypatch, tmp_path):
    made = tmp_path / "made"
    made.write_bytes(b"new weights")
    asked, said = [], Said()
    stand_in(monkeypatch, weights=made, asked=asked)
    worker.work(folder, say=said)
    ((kind, (case,), options),) = asked
    assert (kind, options["start_from"], options["device"], options["minutes"]) == (
        "click", "compact", "cpu", 2.5,
    )  # fmt: skip
    assert (case.name, case.known, case.objects, case.axis) == ("scan", {2: (1, 3)}, (7,), 2)
    assert (case.window.low, case.window.high) == (0.0, 100.0)
    assert (folder / worker.WEIGHTS).read_bytes() == b"new weights"
    assert said == [
        {"type": "progress", "measured": 9.0, "best": 9.0, "seconds": 1.0, "seconds_left": 60.0},
        {"type": "report", "measure": "mean clicks", "before": 9.0, "after": 6.5, "improved": True},
    ]


def test_a_volume_without_a_spacing_is_read_with_the_one_that_was_given(folder, monkeypatch, tmp_path):
    (tmp_path / "stack").mkdir()
    for k in range(SHAPE[2]):
        picture = sitk.GetImageFromArray(np.zeros(SHAPE[1::-1], np.uint8))
        sitk.WriteImage(picture, tmp_path / "stack" / f"{k}.png")
    request = json.loads((folder / worker.REQUEST).read_text())
    request["cases"][0] |= {"volume": str(tmp_path / "stack"), "spacing_mm": [0.5, 0.75, 2.0]}
    (folder / worker.REQUEST).write_text(json.dumps(request))
    asked = []
    stand_in(monkeypatch, weights=None, asked=asked)
    worker.work(folder, say=Said())
    ((_, (case,), _),) = asked
    assert case.volume.geometry.spacing_mm == (0.5, 0.75, 2.0)


def test_weights_that_are_no_better_are_not_left_behind(folder, monkeypatch):
    said = Said()
    stand_in(monkeypatch, weights=None, asked=[])
    worker.work(folder, say=said)
    assert said[-1]["improved"] is False
    assert not (folder / worker.WEIGHTS).exists()


def test_cases_that_are_too_few_are_a_problem_in_words(folder):
    said = Said()
    worker.work(folder, say=said)
    (problem,) = said
    assert problem["type"] == "problem"
    assert "expected at least 4" in problem["detail"]
