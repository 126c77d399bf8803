from isegformer.evaluation.report.measured import UNNAMED, leading_method, measured


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
