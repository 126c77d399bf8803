import json
from pathlib import Path

import pytest

from isegformer.errors import ConfigError
from isegformer.evaluation.record_json import record_to_json
from isegformer.evaluation.records import ClickRecord, RecordKey, VolumeRecord
from isegformer.evaluation.stored import read_evaluation

KEY = RecordKey(dataset="d", case="c", label=1, method="m", setting="centre")


def write(folder: Path, records, *, kind: str = "clicks", end: str = "\n") -> Path:
    (folder / "summary.json").write_text(json.dumps({"kind": kind}), encoding="utf-8")
    lines = "\n".join(json.dumps(record_to_json(record)) for record in records)
    (folder / "records.jsonl").write_text(lines + end, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("kind", "record"),
    [
        ("clicks", ClickRecord(key=KEY, shape=(4, 5), ious=(0.5,), seconds=(0.25,))),
        ("volumes", VolumeRecord(key=KEY, shape=(4, 5, 6), annotated=(2,), metrics={"dice": 0.5})),
    ],
)
def test_an_evaluation_is_read_from_its_folder_or_its_summary(tmp_path, kind, record):
    write(tmp_path, [record], kind=kind)
    for path in (tmp_path, tmp_path / "summary.json"):
        found = read_evaluation(path)
        assert (found.kind, found.records, found.path) == (kind, (record,), tmp_path / "summary.json")


def test_a_torn_last_line_is_left_out(tmp_path):
    write(tmp_path, [ClickRecord(key=KEY)], end='\n{"key": {"dat')
    assert len(read_evaluation(tmp_path).records) == 1


def test_no_records_are_none(tmp_path):
    write(tmp_path, [], end="")
    assert read_evaluation(tmp_path).records == ()


@pytest.mark.parametrize("line", ["{", "[]", '{"key": 3}', "null"])
def test_a_damaged_line_is_an_error_that_names_it(tmp_path, line):
    write(tmp_path, [ClickRecord(key=KEY)], end=f"\n{line}\n")
    with pytest.raises(ConfigError, match=r"line 2 of .*records\.jsonl is damaged"):
        read_evaluation(tmp_path)


def test_missing_records_are_an_error_that_says_what_to_do(tmp_path):
    write(tmp_path, [])
    (tmp_path / "records.jsonl").unlink()
    with pytest.raises(ConfigError, match=r"no records\.jsonl beside .*--output FOLDER"):
        read_evaluation(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"kind": "tea"}', '{"kind": ["clicks"]}', "[" * 100_000])
def test_what_is_no_summary_is_an_error(tmp_path, text):
    write(tmp_path, [])
    (tmp_path / "summary.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"summary\.json"):
        read_evaluation(tmp_path)


def test_an_absent_summary_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read as the summary"):
        read_evaluation(tmp_path / "absent.json")
