import pytest

from isegformer.evaluation.records import RecordKey, VolumeRecord
from isegformer.evaluation.robot_summary import dice_after, dice_within, reached_at, robot_summary
from isegformer.evaluation.robot_user import RobotBudget

BUDGET = RobotBudget()


def record_of(case, *points, label=1, strategy="even", error=None):
    """Return the record of a robot user: points are (slices, clicks, Dice)."""
    key = RecordKey(dataset="d", case=case, label=label, method="net", setting=f"robot {strategy}")
    n_clicks = points[-1][1] if points else 0
    return VolumeRecord(key=key, curve=points, n_clicks=n_clicks, seconds=2.0, error=error)


def summary_of(*records, strategies=("even",), budget=BUDGET):
    return robot_summary(records, datasets=["d"], methods=["net"], strategies=strategies, budget=budget)


SLOW = ("a", (1, 4, 0.5), (2, 7, 0.7), (3, 12, 0.92))
QUICK = ("b", (1, 3, 0.9))
NEVER = ("c", (1, 9, 0.1), (2, 14, 0.2))


def test_who_stopped_keeps_the_last_dice():
    record = record_of(*QUICK)
    assert [dice_after(record, slices=count) for count in (1, 2, 9)] == [0.9, 0.9, 0.9]
    assert dice_after(record_of(*SLOW), slices=2) == 0.7


def test_clicks_count_when_their_slice_is_finished():
    assert [dice_within(record_of(*SLOW), clicks=n) for n in (3, 4, 6, 7, 12)] == [0.0, 0.5, 0.5, 0.7, 0.92]


def test_enough_is_reached_at_the_first_such_point_or_never():
    assert reached_at(record_of("a", (1, 1, 0.95), (2, 2, 0.5), (3, 3, 0.91)), enough=0.9) == 0
    assert reached_at(record_of(*QUICK), enough=0.9) == 0
    assert reached_at(record_of(*NEVER), enough=0.9) is None


def test_the_numbers_of_a_strategy_are_means_over_objects():
    numbers = summary_of(record_of(*SLOW), record_of(*QUICK), record_of(*NEVER))["d"]["net"]["even"]
    assert numbers["cases"] == 3
    by_slices = {count: found["mean"] for count, found in numbers["dice_by_slices"].items()}
    assert by_slices == pytest.approx({"1": 1.5 / 3, "2": 1.8 / 3, "3": 2.02 / 3})
    by_clicks = {count: found["mean"] for count, found in numbers["dice_by_clicks"].items()}
    assert by_clicks == pytest.approx({"5": 1.4 / 3, "10": 1.7 / 3, "15": 2.02 / 3})
    enough = numbers["enough"]
    assert enough["dice"] == 0.9
    assert enough["share"]["mean"] == pytest.approx(2 / 3)
    assert (enough["slices"]["mean"], enough["slices"]["n"]) == (2.0, 2)
    assert enough["clicks"]["mean"] == 7.5
    assert enough["slices"]["low"] <= 2.0 <= enough["slices"]["high"]
    assert numbers["seconds"]["median"] == 2.0


def test_robots_that_are_content_with_less_are_asked_for_that():
    enough = summary_of(record_of("a", (1, 2, 0.6)), budget=RobotBudget(enough_dice=0.6))["d"]["net"]["even"]
    assert (enough["enough"]["dice"], enough["enough"]["share"]["mean"]) == (0.6, 1.0)


def test_one_volume_has_no_interval():
    records = [record_of("a", (1, 2, dice), label=label) for label, dice in ((1, 0.5), (2, 0.75))]
    found = summary_of(*records)["d"]["net"]["even"]["dice_by_slices"]["1"]
    assert found == {"mean": 0.625, "low": None, "high": None, "n": 2}


def test_failures_are_counted_and_take_no_part():
    numbers = summary_of(record_of(*QUICK), record_of("c", error="broken"))["d"]["net"]["even"]
    assert (numbers["cases"], numbers["failed_cases"]) == (1, 1)
    assert numbers["enough"]["share"]["mean"] == 1.0


def test_numbers_without_a_case_are_none():
    numbers = summary_of(record_of("c", error="broken"))["d"]["net"]["even"]
    assert (numbers["dice_by_slices"], numbers["dice_by_clicks"]) == ({}, {})
    assert numbers["enough"] == {"dice": 0.9, "share": None, "slices": None, "clicks": None}


def test_slices_of_the_truth_cost_no_clicks_and_have_no_curve_over_them():
    numbers = summary_of(record_of("a", (1, 0, 0.5), (2, 0, 0.9)))["d"]["net"]["even"]
    assert numbers["dice_by_clicks"] == {}
    assert list(numbers["dice_by_slices"]) == ["1", "2"]


def test_without_strategies_there_is_nothing_to_report():
    assert summary_of(strategies=()) == {}
