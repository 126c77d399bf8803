import csv
from pathlib import Path

import pytest

from isegformer.clicks import Click
from isegformer.errors import WriteError
from isegformer.evaluation.records import ClickRecord, RecordKey, VolumeRecord
from isegformer.evaluation.report import write_case_table
from isegformer.evaluation.report.case_table import without_guard


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_record_is_a_line_with_all_digits(tmp_path, make_record):
    write_case_table(
        [make_record((0.1, 1 / 3)), make_record((), case="b", error="torn, at line 2")], tmp_path / "c.csv"
    )
    first, second = rows_of(tmp_path / "c.csv")
    assert (first["dataset"], first["case"], first["label"], first["setting"]) == (
        "knees",
        "a",
        "2",
        "centre",
    )
    assert (first["height_px"], first["width_px"], first["object_px"], first["n_clicks"]) == (
        "6",
        "9",
        "6",
        "2",
    )
    assert (float(first["iou_1"]), float(first["iou_2"]), first["iou_3"]) == (0.1, 1 / 3, "")
    assert first["clicks"] == "2:0:+ 2:1:-"
    assert (float(first["seconds"]), first["error"]) == (1.0, "")
    assert (second["error"], second["iou_1"], second["n_clicks"]) == ("torn, at line 2", "", "")
    assert list(first)[-1] == "error"


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'quoted", 'a,"b"\n', "läsion"]
)
def test_text_comes_back_and_does_not_start_a_formula(tmp_path, name):
    record = ClickRecord(key=RecordKey(dataset=name, case=name, label=1, method="m"), error=name)
    write_case_table([record], tmp_path / "c.csv")
    (row,) = rows_of(tmp_path / "c.csv")
    assert not row["case"].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert [without_guard(row[column]) for column in ("dataset", "case", "error")] == [name] * 3


def test_clicks_and_numbers_below_0_are_not_quoted(tmp_path):
    key = RecordKey(dataset="d", case="c", label=1, method="m")
    volume = VolumeRecord(
        key=key, shape=(4, 5, 6), axis=2, annotated=(3, 1), metrics={"change": -0.5, "hd95_mm": None}
    )
    write_case_table([volume], tmp_path / "c.csv")
    (row,) = rows_of(tmp_path / "c.csv")
    assert (row["change"], row["hd95_mm"], row["annotated"], row["shape_k"]) == ("-0.5", "", "3 1", "6")
    assert row["curve"] == ""


def test_names_of_metrics_are_text_too(tmp_path):
    key = RecordKey(dataset="d", case="c", label=1, method="m")
    write_case_table(
        [VolumeRecord(key=key, metrics={"=dice": 0.5}, curve=((1, 2, 0.5),))], tmp_path / "c.csv"
    )
    (row,) = rows_of(tmp_path / "c.csv")
    assert row["'=dice"] == "0.5"
    assert row["curve"] == "[[1, 2, 0.5]]"


def test_more_than_20_clicks_have_columns_too(tmp_path):
    key = RecordKey(dataset="d", case="c", label=1, method="m")
    clicks = (Click(row=0, col=0, is_positive=True),) * 21
    write_case_table([ClickRecord(key=key, clicks=clicks, ious=(0.5,) * 20 + (0.75,))], tmp_path / "c.csv")
    assert rows_of(tmp_path / "c.csv")[0]["iou_21"] == "0.75"


def test_no_record_is_a_line_of_titles(tmp_path):
    write_case_table([], tmp_path / "c.csv")
    assert (tmp_path / "c.csv").read_text(encoding="utf-8").split() == [
        "dataset,case,label,method,setting,error"
    ]


def test_table_cannot_be_written_into_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(WriteError, match="could not write"):
        write_case_table([], tmp_path / "absent" / "c.csv")
