import json
from pathlib import Path

import pytest

from isegformer.evaluation.record_json import record_to_json
from isegformer.evaluation.records import ClickRecord, RecordKey


def evaluation(
    folder: Path, ious: dict[str, tuple[float, ...]], *, method: str, **configuration: object
) -> Path:
    """Write an evaluation of clicks on the cases of "knees"."""
    folder.mkdir()
    summary = {"kind": "clicks", "configuration": configuration, "methods": {method: {}}}
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    lines = [
        json.dumps(record_to_json(ClickRecord(key=key(case, method), shape=(4, 5), ious=values)))
        for case, values in ious.items()
    ]
    (folder / "records.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder / "summary.json"


def key(case: str, method: str) -> RecordKey:
    return RecordKey(dataset="knees", case=case, label=1, method=method, setting="centre")


@pytest.fixture
def first(tmp_path):
    return evaluation(tmp_path / "a", {"x": (0.5, 0.9), "y": (0.5, 0.9)}, method="old", protocol="own")


@pytest.fixture
def second(tmp_path):
    cases = {"x": (0.9,), "y": (0.9,), "z": (0.1,)}
    return evaluation(tmp_path / "b", cases, method="new", protocol="own")


def test_differences_are_told_with_their_intervals(run, first, second):
    done = run("evaluate", "compare", first, second)
    assert done.code == 0, done.err
    assert "knees: first old, second new (centre)" in done.out
    line = next(line for line in done.out.splitlines() if line.startswith("NoC@85"))
    assert line.split() == ["NoC@85", "2.00", "1.00", "-1.00", "-1.00", "to", "-1.00", "2", "second"]
    assert max(len(line.rstrip()) for line in done.out.splitlines()) <= 80
    assert "left out, since only one evaluation has them: 1; compared: 2" in done.err


def test_result_can_be_json_and_folders_will_do(run, first, second):
    done = run("evaluate", "compare", first.parent, second.parent, "--json")
    assert done.code == 0, done.err
    entry = next(one for one in done.record["differences"] if one["quantity"] == "noc@85")
    assert (entry["methods"], entry["better"]) == (["old", "new"], "second")
    assert entry["difference"] == {"mean": -1.0, "low": -1.0, "high": -1.0, "n": 2}


def test_comparison_can_be_a_page(run, first, second, tmp_path):
    assert run("evaluate", "compare", first, second, "--html", tmp_path / "c.html").code == 0
    assert "<h1>old and new</h1>" in (tmp_path / "c.html").read_text(encoding="utf-8")


def test_another_protocol_is_a_warning(run, first, tmp_path):
    other = evaluation(tmp_path / "c", {"x": (0.9,), "y": (0.9,)}, method="old", protocol="ritm-400")
    done = run("evaluate", "compare", first, other)
    assert done.code == 0, done.err
    assert "warning: protocol is 'own' in the first evaluation and 'ritm-400' in the second" in done.err


def test_an_evaluation_without_records_is_an_error(run, first, second):
    (second.parent / "records.jsonl").unlink()
    done = run("evaluate", "compare", first, second)
    assert (done.code, done.out) == (1, "")
    assert "there is no records.jsonl beside" in done.err
