from pathlib import Path

import pytest

from isegformer.errors import ConfigError
from isegformer.evaluation.comparison import compare, method_pairs
from isegformer.evaluation.records import ClickRecord, RecordKey, VolumeRecord
from isegformer.evaluation.stored import StoredEvaluation


def clicked(
    case: str, *ious: float, method: str = "m", dataset: str = "d", user: str = "centre"
) -> ClickRecord:
    return ClickRecord(
        key=RecordKey(dataset=dataset, case=case, label=1, method=method, setting=user), ious=ious
    )


def stored(*records, name: str = "a", kind: str = "clicks", **configuration) -> StoredEvaluation:
    methods = {record.key.method: {} for record in records}
    return StoredEvaluation(
        path=Path(name),
        kind=kind,
        summary={"configuration": configuration, "methods": methods},
        records=records,
    )


def by_quantity(comparison) -> dict:
    return {one.quantity: one for one in comparison.differences}


def test_difference_is_second_minus_first_over_common_cases():
    first = stored(clicked("a", 0.5, 0.9), clicked("b", 0.9), clicked("only here", 0.1))
    second = stored(clicked("b", 0.5, 0.5, 0.9), clicked("a", 0.5, 0.5, 0.5, 0.9))
    found = by_quantity(compare(first, second))["noc@85"]
    assert (found.first.mean, found.second.mean) == (1.5, 3.5)
    assert (found.difference.mean, found.difference.low, found.difference.high, found.difference.n) == (
        2,
        2,
        2,
        2,
    )
    assert found.verdict == "first"


def test_more_iou_is_better_and_an_interval_with_0_shows_nothing():
    first = stored(clicked("a", 0.25), clicked("b", 0.5))
    better = stored(clicked("a", 0.5), clicked("b", 0.75))
    mixed = stored(clicked("a", 0.5), clicked("b", 0.25))
    assert by_quantity(compare(first, better))["iou after 1"].verdict == "second"
    assert by_quantity(compare(first, mixed))["iou after 1"].verdict == ""


def test_what_leads_is_compared_though_its_name_differs():
    assert method_pairs(["a", "p"], ["b", "p", "q"]) == [("a", "b"), ("p", "p")]
    assert method_pairs(["a", "b"], ["b", "a"]) == [("a", "a"), ("b", "b")]
    assert method_pairs(["a", "b"], ["b"]) == [("a", "b"), ("b", "b")]
    assert method_pairs([], ["b"]) == []
    found = compare(stored(clicked("a", 0.5, method="old")), stored(clicked("a", 0.5, method="new")))
    assert {one.methods for one in found.differences} == {("old", "new")}


def test_settings_are_compared_each_for_itself():
    records = [
        VolumeRecord(
            key=RecordKey(dataset="d", case="v", label=1, method="m", setting=n), metrics={"dice": dice}
        )
        for n, dice in (("1", 0.5), ("3", 0.75))
    ]
    found = compare(stored(*records, kind="volumes"), stored(*records, kind="volumes"))
    assert [(one.setting, one.first.mean) for one in found.differences] == [("1", 0.5), ("3", 0.75)]


def test_a_metric_that_one_side_lacks_is_left_out():
    key = RecordKey(dataset="d", case="v", label=1, method="m", setting="1")
    first = VolumeRecord(key=key, metrics={"dice": 0.5, "hd95_mm": None})
    second = VolumeRecord(key=key, metrics={"dice": 0.5, "hd95_mm": 2.0})
    assert set(by_quantity(compare(stored(first, kind="volumes"), stored(second, kind="volumes")))) == {
        "dice"
    }


def test_failed_cases_are_left_out_with_a_warning():
    torn = ClickRecord(
        key=RecordKey(dataset="d", case="a", label=1, method="m", setting="centre"), error="torn"
    )
    found = compare(stored(torn, clicked("b", 0.5)), stored(clicked("a", 0.5), clicked("b", 0.5)))
    assert found.differences[0].difference.n == 1
    assert found.warnings == (
        "d, m: measurements left out, since only one evaluation has them: 1; compared: 1",
    )


def test_another_protocol_or_user_is_a_warning_and_other_weights_are_none():
    first = stored(clicked("a", 0.5), protocol="own", users=["centre"], weights=["x"])
    second = stored(clicked("a", 0.5), protocol="ritm-400", users=["centre"], weights=["y"])
    (warning,) = compare(first, second).warnings
    assert warning.startswith("protocol is 'own' in the first evaluation and 'ritm-400' in the second")


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (stored(clicked("a", 0.5), kind="volumes"), "expected two of one kind"),
        (stored(clicked("a", 0.5, dataset="other")), "no common data folder: a has d, a has other"),
        (stored(clicked("b", 0.5)), "no measured case in common in d"),
    ],
)
def test_what_cannot_be_compared_is_an_error(second, message):
    with pytest.raises(ConfigError, match=message):
        compare(stored(clicked("a", 0.5)), second)


def test_record_is_ready_for_json():
    first, second = [clicked("a", 0.5), clicked("b", 0.5)], [clicked("a", 0.75), clicked("b", 0.75)]
    record = compare(stored(*first), stored(*second)).record()
    assert record["kind"] == "clicks"
    entry = next(one for one in record["differences"] if one["quantity"] == "iou after 1")
    assert (entry["difference"]["mean"], entry["better"]) == (0.25, "second")


def test_one_case_shows_no_better_one():
    found = by_quantity(compare(stored(clicked("a", 0.5)), stored(clicked("a", 0.75))))["iou after 1"]
    assert (found.difference.mean, found.difference.interval, found.verdict) == (0.25, None, "")
