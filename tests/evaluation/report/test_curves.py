import pytest

from isegformer.evaluation.records import RecordKey, VolumeRecord
from isegformer.evaluation.report.curves import Curve, click_curves, volume_curves


def means(curve: Curve) -> dict[int, float]:
    return {point.effort: point.estimate.mean for point in curve.points}


def test_a_finished_object_keeps_its_last_iou(make_record):
    iou, *_ = click_curves([make_record((0.5, 0.75), case="a"), make_record((0.25,), case="b")])
    values = means(iou.curves[0])
    assert list(values) == list(range(1, 21))
    assert (values[1], values[2], values[20]) == (0.375, 0.5, 0.5)


def test_an_object_counts_as_reached_from_the_first_click_above_the_threshold_on(make_record):
    records = [make_record((0.5, 0.85, 0.3), case="a"), make_record((0.1,), case="b")]
    _, at_85, at_90 = click_curves(records)
    assert [means(at_85.curves[0])[n] for n in (1, 2, 3, 20)] == [0, 0.5, 0.5, 0.5]
    assert set(means(at_90.curves[0]).values()) == {0}
    assert at_85.is_share


def test_a_second_user_is_a_curve_of_its_own(make_record):
    records = [make_record((0.5,)), make_record((0.4,), user="human"), make_record((0.3,), method="grabcut")]
    iou, *_ = click_curves(records)
    assert [curve.name for curve in iou.curves] == ["compact", "compact, human clicks", "grabcut"]


def test_failed_cases_are_in_no_curve(make_record):
    assert click_curves([make_record((), error="torn")]) == ()


def volume_record(dice: float, *, annotated: int, case: str = "v", curve=()) -> VolumeRecord:
    key = RecordKey(
        dataset="d", case=case, label=1, method="combined", setting="robot" if curve else str(annotated)
    )
    return VolumeRecord(
        key=key, annotated=tuple(range(annotated)), metrics={"dice": dice}, curve=curve, n_clicks=len(curve)
    )


def test_given_slices_are_one_curve_over_their_numbers():
    records = [
        volume_record(0.75, annotated=3),
        volume_record(0.5, annotated=1),
        volume_record(0.25, annotated=1, case="w"),
    ]
    (given,) = volume_curves(records)
    assert means(given.curves[0]) == {1: 0.375, 3: 0.75}


def test_dice_of_a_robot_user_is_0_before_its_first_mask_and_stays_after_its_last_step():
    early = volume_record(0.8, annotated=1, case="v", curve=((1, 2, 0.8),))
    late = volume_record(0.6, annotated=3, case="w", curve=((2, 5, 0.4), (3, 9, 0.6)))
    by_slices, by_clicks = volume_curves([early, late])
    assert means(by_slices.curves[0]) == pytest.approx({1: 0.4, 2: 0.6, 3: 0.7})
    assert list(means(by_clicks.curves[0])) == [2, 5, 9]
    assert means(by_clicks.curves[0])[2] == 0.4


def test_methods_are_compared_for_every_robot_and_robots_for_the_first_method():
    records = [
        VolumeRecord(
            key=RecordKey(dataset="d", case="v", label=1, method=method, setting=f"robot {strategy}"),
            curve=((1, 3, dice),),
        )
        for method, strategy, dice in (
            ("net", "suggested", 0.5), ("net", "even", 0.25),
            ("peer", "suggested", 0.125), ("peer", "even", 0.0),
        )
    ]  # fmt: skip
    groups = [group for group in volume_curves(records) if group.effort == "annotated slices"]
    assert {group.title: {curve.name: means(curve)[1] for curve in group.curves} for group in groups} == {
        "Dice, robot suggested": {"net": 0.5, "peer": 0.125},
        "Dice, robot even": {"net": 0.25, "peer": 0.0},
        "Dice, net by robot": {"robot suggested": 0.5, "robot even": 0.25},
    }
