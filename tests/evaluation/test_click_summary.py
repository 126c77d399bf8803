import pytest

from isegformer.evaluation.click_summary import click_summary
from isegformer.evaluation.records import ClickRecord, RecordKey


def record_of(case, ious, *, dataset="d", label=1, method="a", user="centre", seconds=None, **values):
    return ClickRecord(
        key=RecordKey(dataset=dataset, case=case, label=label, method=method, setting=user),
        ious=tuple(ious),
        seconds=tuple(seconds or [0.1] * len(ious)),
        **values,
    )


def failure_of(case, *, dataset="d", label=0, method="", user=""):
    key = RecordKey(dataset=dataset, case=case, label=label, method=method, setting=user)
    return ClickRecord(key=key, error="broken")


def summary_of(*records, datasets=("d",), methods=("a",), users=("centre",)):
    return click_summary(records, datasets=datasets, methods=methods, users=users)


FIRST = record_of("x", [0.5, 0.82, 0.96], seconds=[0.3, 0.1, 0.2], rss_peak_mb=300.0)
SECOND = record_of("y", [0.86] + 19 * [0.7], seconds=20 * [0.2], rss_peak_mb=400.0)


def test_clicks_failures_and_ious_are_means_over_the_objects():
    numbers = summary_of(FIRST, SECOND)["datasets"]["d"]
    assert numbers["cases"] == 2
    assert numbers["noc"] == {"80": 1.5, "85": 2.0, "90": 11.5, "95": 11.5}
    assert numbers["failures"] == {"80": 0.0, "85": 0.0, "90": 0.5, "95": 0.5}
    assert list(numbers["iou_after"]) == [str(k) for k in range(1, 21)]
    assert numbers["iou_after"]["1"] == pytest.approx((0.5 + 0.86) / 2)
    assert numbers["iou_after"]["20"] == pytest.approx((0.96 + 0.7) / 2)  # the first had ended
    assert numbers["failed_cases"] == 0


def test_seconds_are_quantiles_over_all_clicks_and_memory_is_the_largest():
    numbers = summary_of(FIRST, SECOND)["datasets"]["d"]
    assert numbers["seconds_per_click"]["median"] == 0.2
    assert numbers["seconds_per_click"]["p95"] == pytest.approx(0.2)
    assert numbers["memory"] == {"rss_peak_mb": 400.0, "gpu_peak_mb": None}


def test_a_mean_has_an_interval_in_which_the_objects_of_a_case_go_together():
    alone = [record_of(f"case {n}", [0.9] if n % 2 else [0.1, 0.9]) for n in range(8)]
    low, high = summary_of(*alone)["datasets"]["d"]["noc_interval"]["90"]
    assert 1 <= low < 1.5 < high <= 2
    together = [
        record_of(f"volume axis 2 slice {n}", [0.9] if n % 2 else [0.1, 0.9], label=n) for n in range(8)
    ]
    assert summary_of(*together)["datasets"]["d"]["noc_interval"]["90"] is None  # one volume


def test_shares_and_ious_have_intervals_too():
    numbers = summary_of(*[record_of(f"case {n}", [0.9] if n % 2 else [0.1]) for n in range(8)])["datasets"][
        "d"
    ]
    low, high = numbers["failures_interval"]["85"]
    assert 0 <= low < 0.5 < high <= 1
    assert numbers["failures_interval"]["95"] == [1, 1]
    low, high = numbers["iou_after_interval"]["3"]
    assert 0.1 <= low < 0.5 < high <= 0.9
    nothing = summary_of(failure_of("x"))["datasets"]["d"]
    assert nothing["iou_after_interval"]["1"] is None


def test_failed_cases_are_named_and_counted_and_the_numbers_are_those_of_the_others():
    summary = summary_of(
        FIRST,
        failure_of("y", label=3, method="a", user="centre"),
        failure_of("z"),
        record_of("x", [0.99], method="b"),
        methods=("a", "b"),
    )
    assert summary["methods"]["a"]["d"]["cases"] == summary["methods"]["b"]["d"]["cases"] == 1
    assert summary["methods"]["a"]["d"]["failed_cases"] == 2
    assert summary["methods"]["b"]["d"]["failed_cases"] == 1
    assert summary["failed"] == [
        {"dataset": "d", "case": "y", "label": 3, "method": "a", "error": "broken"},
        {"dataset": "d", "case": "z", "label": 0, "method": "", "error": "broken"},
    ]


def test_a_dataset_without_a_measured_case_has_no_numbers():
    numbers = summary_of(failure_of(""))["datasets"]["d"]
    assert (numbers["cases"], numbers["failed_cases"]) == (0, 1)
    assert numbers["noc"] == numbers["noc_interval"] == dict.fromkeys(("80", "85", "90", "95"))
    assert numbers["seconds_per_click"] == {"median": None, "p95": None}


def test_the_first_method_is_shown_alone_and_users_after_the_first_by_name():
    summary = summary_of(
        record_of("x", [0.99]),
        record_of("x", [0.1, 0.99], method="b"),
        record_of("x", [0.1, 0.1, 0.99], user="human"),
        record_of("x", [0.1, 0.1, 0.1, 0.99], method="b", user="human"),
        methods=("a", "b"),
        users=("centre", "human"),
    )
    needed = {name: numbers["d"]["noc"]["90"] for name, numbers in summary["methods"].items()}
    assert needed == {"a": 1, "b": 2, "a, human clicks": 3, "b, human clicks": 4}
    assert summary["datasets"] == summary["methods"]["a"]


def test_differences_are_those_to_the_first_method_over_objects_that_both_have():
    summary = summary_of(
        record_of("x", [0.1, 0.9]),
        record_of("y", [0.1, 0.1, 0.9]),
        record_of("z", [0.9]),
        record_of("y", [0.9], method="b"),
        record_of("x", [0.1, 0.1, 0.1, 0.9], method="b"),
        failure_of("z", label=1, method="b", user="centre"),
        record_of("x", [0.9], dataset="e"),
        methods=("a", "b"),
        datasets=("d", "e"),
    )
    assert [entry["quantity"] for entry in summary["differences"]] == ["noc@80", "noc@85", "noc@90", "noc@95"]
    noc90 = summary["differences"][2]
    assert (noc90["dataset"], noc90["methods"]) == ("d", ["a", "b"])
    assert noc90["mean"] == 0.0  # 2 more and 2 fewer
    assert noc90["n"] == 2
    assert noc90["low"] < 0 < noc90["high"]
