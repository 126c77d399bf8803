from isegformer.evaluation.report.measured_tables import tables_of
from isegformer.evaluation.report.table import MISSING


def one_method(numbers, kind="clicks"):
    return {table.title: table for table in tables_of({"kind": kind, "methods": {"m": {"d": numbers}}})}


def texts(table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_columns_are_in_the_order_of_their_numbers():
    table = one_method({"cases": 2, "dice": {"10": 0.9, "1": 0.5, "3": 0.75}}, "volumes")[
        "Dice by annotated slices"
    ]
    assert [column.title for column in table.columns] == ["Data", "Method", "Cases", "1", "3", "10"]
    assert texts(table) == [["d", "m", "2", "0.500", "0.750", "0.900"]]


def test_a_quantity_that_one_method_lacks_is_shown_as_missing():
    summary = {"methods": {"a": {"d": {"noc": {"85": 2.5}}}, "b": {"d": {"noc": {"90": 3.0}}}}}
    table = tables_of(summary)[0]
    assert texts(table) == [["d", "a", MISSING, "2.50", MISSING], ["d", "b", MISSING, MISSING, "3.00"]]


def test_intervals_stand_below_their_means():
    table = one_method({"failures": {"85": 0.25}, "failures_interval": {"85": [0.125, 0.5]}})[
        "Not reached in 20 clicks"
    ]
    cell = table.rows[0][-1]
    assert (cell.text, cell.value, cell.interval) == ("25.0\N{NARROW NO-BREAK SPACE}%", 0.25, "12.5 to 50.0")


def test_tables_without_numbers_are_left_out():
    assert set(one_method({"iou_after": {"1": 0.5}})) == {
        "Mean IoU after clicks",
        "Time, memory and failed cases",
    }


def test_metrics_have_a_row_for_every_number_of_slices():
    metrics = {"1": {"iou": 0.5, "assd_mm": None}, "10": {"iou": 0.75, "assd_mm": 1.5}}
    table = one_method({"metrics": metrics}, "volumes")["Metrics of volumes"]
    assert [column.title for column in table.columns] == ["Data", "Method", "Slices", "IoU", "ASSD (mm)"]
    assert texts(table) == [["d", "m", "1", "0.500", MISSING], ["d", "m", "10", "0.750", "1.50"]]
