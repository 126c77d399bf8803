import pytest

from isegformer.evaluation.report.fact_tables import differences_table, facts, failed_table, quantity_digits


def test_differences_keep_their_sign_and_interval(summary):
    (row,) = differences_table(summary).rows
    assert [cell.text for cell in row[:4]] == ["knees", "compact", "grabcut", "NoC@85"]
    assert (row[4].value, row[4].interval) == (-1.5, "\N{MINUS SIGN}2.00 to +0.12")
    assert [cell.text for cell in row[4:]] == ["\N{MINUS SIGN}1.50", "1", "not shown"]


@pytest.mark.parametrize(
    ("quantity", "low", "high", "better"),
    [
        ("noc@85", -2.0, -0.5, "grabcut"),
        ("noc@85", 0.5, 2.0, "compact"),
        ("dice@3", 0.1, 0.2, "grabcut"),
        ("noc@85", 0.0, 2.0, "not shown"),
    ],
)
def test_differences_name_the_better_method_only_where_the_interval_does_not_hold_0(
    summary, quantity, low, high, better
):
    one = {**summary["differences"][0], "quantity": quantity, "low": low, "high": high}
    (row,) = differences_table({**summary, "differences": [one]}).rows
    assert row[-1].text == better


@pytest.mark.parametrize(
    ("quantity", "digits"), [("noc@90", 2), ("clicks", 2), ("hd95_mm", 2), ("dice@3", 3), ("iou after 1", 3)]
)
def test_clicks_and_millimetres_have_2_digits_and_all_else_3(quantity, digits):
    assert quantity_digits(quantity) == digits


def test_a_failure_that_lacks_an_entry_is_listed():
    (row,) = failed_table([{"dataset": "d", "case": "", "error": "no such folder"}]).rows
    assert [cell.text for cell in row] == ["d", "", "", "", "no such folder"]


def test_nested_facts_have_dotted_names():
    record = {
        "paths": {"knees": "data"},
        "labels": [1, 2],
        "weights": [{"name": "a"}],
        "is_last": True,
        "axis": None,
    }
    assert facts(record) == (
        ("paths.knees", "data"),
        ("labels", "1, 2"),
        ("weights.0.name", "a"),
        ("is_last", "yes"),
        ("axis", "none"),
    )
