from isegformer.evaluation.report.measured import (
    UNNAMED,
    data_without_intervals,
    leading_method,
    measured,
)


def places(summary) -> list[tuple[str, str]]:
    return [(one.dataset, one.method) for one in measured(summary)]


def test_numbers_come_by_data_folder_and_then_by_method():
    numbers = {"cases": 1}
    methods = {"b": {"y": numbers, "x": numbers}, "a": {"x": numbers}}
    summary = {"datasets": {"x": numbers, "y": numbers}, "methods": methods}
    assert places(summary) == [("x", "b"), ("x", "a"), ("y", "b")]
    assert leading_method(summary) == "b"


def test_peers_of_a_data_folder_count_once():
    summary = {
        "datasets": {"x": {"cases": 1, "peers": {"a": {"cases": 9}, "c": {"cases": 3}}}},
        "methods": {"a": {"x": {"cases": 1}}},
    }
    assert [(one.method, one.numbers["cases"]) for one in measured(summary)] == [("a", 1), ("c", 3)]


def test_numbers_without_a_method_have_a_name():
    assert places({"datasets": {"x": {"cases": 1}}}) == [("x", UNNAMED)]
    assert leading_method({"datasets": {"x": {"cases": 1}}}) == UNNAMED


def test_an_empty_summary_has_no_numbers():
    assert places({}) == []
    assert leading_method({}) == ""


def test_data_without_intervals_are_those_whose_means_have_none():
    alone = {"dice": {"1": 0.5, "3": None}, "dice_interval": {"1": None, "3": None}}
    some = {"dice": {"1": 0.5, "3": 0.5}, "dice_interval": {"1": None, "3": [0.4, 0.6]}}
    nothing = {"dice": {"1": None}, "dice_interval": {"1": None}}
    clicks = {"noc": {"85": 2.0}, "noc_interval": {"85": None}}
    folders = {"alone": alone, "some": some, "nothing": nothing, "clicks": clicks}
    summary = {"datasets": folders, "methods": {"m": folders, "other": dict.fromkeys(folders, alone)}}
    assert data_without_intervals(summary) == ("alone", "clicks")
