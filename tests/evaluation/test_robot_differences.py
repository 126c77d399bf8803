import pytest

from isegformer.evaluation.records import RecordKey, VolumeRecord
from isegformer.evaluation.robot_differences import robot_differences
from isegformer.evaluation.robot_user import RobotBudget


def record_of(case, *points, method="net", strategy="suggested", error=None):
    """Return the record of a robot user: points are (slices, clicks, Dice)."""
    key = RecordKey(dataset="d", case=case, label=1, method=method, setting=f"robot {strategy}")
    return VolumeRecord(key=key, curve=points, n_clicks=points[-1][1] if points else 0, error=error)


def differences_of(*records, methods=("net",), strategies=("suggested", "even"), **budget):
    return robot_differences(
        records, datasets=["d"], methods=methods, strategies=strategies, budget=RobotBudget(**budget)
    )


def means(found):
    return {one["quantity"]: one["mean"] for one in found}


SUGGESTED = [
    record_of("a", (1, 4, 0.5), (2, 8, 0.92)),
    record_of("b", (1, 6, 0.4), (2, 11, 0.6), (3, 14, 0.9)),
]
EVEN = [
    record_of("a", (1, 4, 0.5), (2, 9, 0.7), (3, 12, 0.92), strategy="even"),
    record_of("b", (1, 6, 0.4), (2, 12, 0.5), (3, 15, 0.8), strategy="even"),
]


def test_strategies_of_one_method_are_compared_object_by_object():
    found = differences_of(*SUGGESTED, *EVEN, most_slices=3)
    assert {tuple(one["methods"]) for one in found} == {("net", "net")}
    assert {tuple(one["strategies"]) for one in found} == {("suggested", "even")}
    assert means(found) == pytest.approx(
        {
            "slices@90": ((3 - 2) + (4 - 3)) / 2,  # b never gets there: one more than the budget
            "dice@2 slices": ((0.7 - 0.92) + (0.5 - 0.6)) / 2,
            "dice@3 slices": ((0.92 - 0.92) + (0.8 - 0.9)) / 2,  # a had stopped with 0.92
            "dice@10 clicks": ((0.7 - 0.92) + (0.4 - 0.4)) / 2,
        }
    )
    first = found[0]
    assert (first["low"], first["high"], first["n"]) == (1.0, 1.0, 2)


def test_methods_with_one_strategy_are_compared_object_by_object():
    peers = [record_of("a", (1, 4, 0.25), method="peer"), record_of("b", (1, 6, 0.95), method="peer")]
    found = differences_of(
        *SUGGESTED, *peers, methods=("net", "peer"), strategies=("suggested",), most_slices=3
    )
    assert {tuple(one["methods"]) for one in found} == {("net", "peer")}
    assert {tuple(one["strategies"]) for one in found} == {("suggested", "suggested")}
    assert means(found)["slices@90"] == ((4 - 2) + (1 - 3)) / 2


def test_only_objects_that_both_have_measured_count():
    lost = record_of("a", strategy="even", error="broken")
    found = differences_of(*SUGGESTED, lost, EVEN[1], most_slices=3)
    assert found[0]["n"] == 1
    assert (found[0]["low"], found[0]["high"]) == (None, None)  # one volume
    assert differences_of(*SUGGESTED, lost) == []


def test_robots_that_are_content_with_less_are_compared_at_that():
    found = differences_of(*SUGGESTED, *EVEN, most_slices=3, enough_dice=0.7)
    assert means(found)["slices@70"] == ((2 - 2) + (3 - 3)) / 2


def test_one_way_to_work_differs_from_nothing():
    assert differences_of(*SUGGESTED, strategies=("suggested",)) == []
    assert differences_of(strategies=()) == []
