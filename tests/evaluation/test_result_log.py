import json

import pytest

from isegformer.clicks import Click
from isegformer.errors import ConfigError
from isegformer.evaluation.record_json import (
    click_record_from_json,
    record_to_json,
    volume_record_from_json,
)
from isegformer.evaluation.records import ClickRecord, RecordKey, VolumeRecord
from isegformer.evaluation.result_log import ResultLog


def record_of(number, *, error=None):
    return ClickRecord(
        key=RecordKey(dataset="d", case=f"case {number}", label=3, method="m", setting="centre"),
        shape=(20, 30),
        object_px=17,
        clicks=(Click(row=2, col=number, is_positive=True), Click(row=4, col=5, is_positive=False)),
        ious=(0.1, 1 / 3),
        seconds=(0.5, 0.25),
        rss_peak_mb=300.5,
        error=error,
    )


def opened(folder, *, configuration=None, is_resumed=True):
    return ResultLog(
        folder, configuration or {"seed": 0}, from_json=click_record_from_json, is_resumed=is_resumed
    )


@pytest.fixture
def folder(tmp_path):
    """Return the folder of an evaluation with two records."""
    log = opened(tmp_path / "run", is_resumed=False)
    for number in range(2):
        log.append(record_of(number))
    log.close()
    return tmp_path / "run"


def records_in(folder):
    log = opened(folder)
    log.close()
    return list(log.records.values())


def test_records_come_back_as_they_were(folder):
    assert records_in(folder) == [record_of(0), record_of(1)]


def test_a_record_of_a_volume_comes_back_as_it_was():
    record = VolumeRecord(
        key=RecordKey(dataset="d", case="c", label=1, method="m", setting="3"),
        shape=(3, 4, 5),
        axis=2,
        annotated=(1, 3),
        metrics={"dice": 0.5, "hd95_mm": None},
        slice_dice=(0.1, 0.9),
        curve=((1, 4, 0.25),),
        seconds=1.5,
    )
    assert volume_record_from_json(json.loads(json.dumps(record_to_json(record)))) == record


def test_every_record_is_on_disk_before_the_log_is_closed(tmp_path):
    log = opened(tmp_path / "run", is_resumed=False)
    log.append(record_of(0))
    assert (tmp_path / "run" / "records.jsonl").read_text().count("\n") == 1
    log.close()


@pytest.mark.parametrize("kept_bytes", [1, 20, -2, -1])
def test_a_torn_last_line_is_dropped_and_the_log_goes_on(folder, kept_bytes):
    file = folder / "records.jsonl"
    first, second, _ = file.read_bytes().split(b"\n")
    file.write_bytes(first + b"\n" + (second + b"\n")[:kept_bytes])
    log = opened(folder)
    assert list(log.records.values()) == [record_of(0)]
    log.append(record_of(2))
    log.close()
    assert records_in(folder) == [record_of(0), record_of(2)]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda lines: [lines[0][:40], lines[1]], "line 1 of .* is damaged"),
        (lambda lines: [lines[0], lines[0]], "line 2 of .*it is there twice"),
        (lambda lines: [lines[0], "[]"], "line 2"),
        (lambda lines: ['{"key": {}}', lines[1]], "line 1"),
        (lambda lines: [lines[0].replace('"object_px"', '"pixels"'), lines[1]], "pixels"),
        (lambda lines: [lines[0], ""], "line 2"),
    ],
)
def test_other_damage_is_an_error_and_stays_as_it_is(folder, damage, reason):
    file = folder / "records.jsonl"
    file.write_text("\n".join(damage(file.read_text().splitlines())) + "\n")
    before = file.read_bytes()
    with pytest.raises(ConfigError, match=reason):
        opened(folder)
    assert file.read_bytes() == before


def test_cases_that_failed_are_tried_again(folder):
    log = opened(folder)
    log.append(record_of(2, error="no"))
    log.close()
    log = opened(folder)
    assert record_of(2).key not in log.records
    log.append(record_of(2))
    log.close()
    assert records_in(folder) == [record_of(0), record_of(1), record_of(2)]


def test_a_folder_with_an_evaluation_is_not_begun_anew(folder):
    with pytest.raises(ConfigError, match="go on with --resume"):
        opened(folder, is_resumed=False)


def test_another_configuration_is_refused_and_the_difference_named(folder):
    with pytest.raises(ConfigError, match=r"limit was None, now 5; seed was 0, now 1\. Ask for the same"):
        opened(folder, configuration={"seed": 1, "limit": 5})
    assert len(records_in(folder)) == 2


def test_tuples_in_a_configuration_are_the_lists_that_json_makes_of_them(tmp_path):
    for is_resumed in (False, True):
        opened(tmp_path, configuration={"labels": (1, 2)}, is_resumed=is_resumed).close()
    assert json.loads((tmp_path / "configuration.json").read_text()) == {"labels": [1, 2]}


def test_records_without_their_configuration_are_not_gone_on_with(folder):
    (folder / "configuration.json").unlink()
    with pytest.raises(ConfigError, match=r"configuration\.json is damaged"):
        opened(folder)


def test_a_run_that_goes_on_may_begin(tmp_path):
    assert records_in(tmp_path / "new") == []
