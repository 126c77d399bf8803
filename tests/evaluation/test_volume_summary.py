import pytest

from isegformer.evaluation.records import RecordKey, VolumeRecord
from isegformer.evaluation.volume_metrics import METRICS
from isegformer.evaluation.volume_summary import volume_summary


def record_of(
    case, dice, *, setting="3", label=1, method="net", dataset="d", slices=3, seconds=1.0, **metrics
):
    values = {**dict.fromkeys(METRICS, 0.5), "dice": dice, **metrics}
    key = RecordKey(dataset=dataset, case=case, label=label, method=method, setting=setting)
    return VolumeRecord(key=key, annotated=tuple(range(slices)), metrics=values, seconds=seconds)


def failure_of(case, *, label=1, method="net", setting="3", dataset="d"):
    key = RecordKey(dataset=dataset, case=case, label=label, method=method, setting=setting)
    return VolumeRecord(key=key, error="broken")


def summary_of(*records, methods=("net",), peers=(), settings=None, datasets=("d",)):
    return volume_summary(
        records, datasets=datasets, methods=methods, peers=peers, settings=settings or {"3": 3}
    )


def test_dice_and_metrics_are_means_over_objects_by_the_number_of_given_slices():
    numbers = summary_of(
        record_of("a", 0.6, setting="1", slices=1, hd95_mm=4.0),
        record_of("b", 0.8, setting="1", slices=1, hd95_mm=2.0),
        record_of("a", 0.9, hd95_mm=1.0),
        record_of("b", 0.7, hd95_mm=3.0),
        settings={"1": 1, "3": 3},
    )["datasets"]["d"]
    assert (numbers["cases"], numbers["volumes"]) == (2, 2)
    assert numbers["dice"] == pytest.approx({"1": 0.7, "3": 0.8})
    assert {name: metrics["hd95_mm"] for name, metrics in numbers["metrics"].items()} == {"1": 3.0, "3": 2.0}
    assert list(numbers["metrics"]["3"]) == list(METRICS)
    low, high = numbers["dice_interval"]["3"]
    assert low < 0.8 < high
    assert numbers["measured"] == {"1": 2, "3": 2}
    assert numbers["failed_cases"] == 0


def test_objects_of_one_volume_are_drawn_together():
    scores = {"a": 0.5, "b": 0.6, "c": 0.7, "d": 0.8, "e": 0.9}
    alike = [record_of(case, dice, label=label) for case, dice in scores.items() for label in (1, 2, 3)]
    apart = [record_of(f"{r.key.case}{r.key.label}", r.metrics["dice"]) for r in alike]

    def width(records):
        low, high = summary_of(*records)["datasets"]["d"]["dice_interval"]["3"]
        return high - low

    assert width(alike) > width(apart)
    assert summary_of(*alike)["datasets"]["d"]["volumes"] == 5


def test_a_metric_that_is_not_defined_takes_no_part_and_is_counted():
    numbers = summary_of(record_of("a", 0.0, hd95_mm=None), record_of("b", 1.0, hd95_mm=2.0))["datasets"]["d"]
    assert numbers["metrics"]["3"]["hd95_mm"] == 2.0
    assert numbers["undefined"]["3"]["hd95_mm"] == 1
    assert numbers["undefined"]["3"]["dice"] == 0
    never = summary_of(record_of("a", 0.0, hd95_mm=None))["datasets"]["d"]
    assert never["metrics"]["3"]["hd95_mm"] is None
    assert never["metrics_interval"]["3"]["hd95_mm"] is None


def test_objects_on_fewer_slices_than_asked_for_are_counted():
    numbers = summary_of(
        record_of("a", 0.9, setting="5", slices=5),
        record_of("b", 0.9, setting="5", slices=2),
        record_of("a", 0.9, setting="at 1,2", slices=2),
        settings={"5": 5, "at 1,2": None},
    )["datasets"]["d"]
    assert numbers["slices_used"] == {"5": 3.5, "at 1,2": 2.0}
    assert numbers["fewer_slices"] == {"5": 1}


def test_peers_stand_beside_the_first_method_and_every_method_has_its_numbers():
    records = [
        record_of("a", dice, method=method) for method, dice in (("net", 0.9), ("stcn", 0.8), ("itk", 0.7))
    ]
    summary = summary_of(*records, methods=("net", "stcn"), peers=("itk",))
    assert summary["datasets"]["d"]["dice"] == {"3": 0.9}
    assert summary["datasets"]["d"]["peers"]["itk"]["dice"] == {"3": 0.7}
    assert {method: numbers["d"]["dice"]["3"] for method, numbers in summary["methods"].items()} == {
        "net": 0.9, "stcn": 0.8, "itk": 0.7,
    }  # fmt: skip


def test_differences_are_those_of_the_objects_that_both_have_measured():
    records = [
        record_of("a", 0.5),
        record_of("b", 0.7),
        record_of("c", 0.1),
        record_of("a", 0.9, method="itk"),
        record_of("b", 0.9, method="itk"),
        failure_of("c", method="itk"),
    ]
    (difference,) = summary_of(*records, peers=("itk",))["differences"]
    assert difference["mean"] == pytest.approx(0.3)
    assert (difference["methods"], difference["quantity"], difference["n"]) == (["net", "itk"], "dice@3", 2)
    assert difference["low"] <= 0.3 <= difference["high"]


def test_what_failed_is_named_and_counted_once_for_each_object():
    summary = summary_of(
        record_of("a", 0.9, setting="1"),
        failure_of("a"),
        failure_of("b", setting="1"),
        failure_of("b"),
        failure_of("c", label=0, method="", setting=""),
        settings={"1": 1, "3": 3},
    )
    numbers = summary["datasets"]["d"]
    assert (numbers["cases"], numbers["failed_cases"]) == (1, 3)
    assert numbers["dice"] == {"1": 0.9, "3": None}
    assert [(f["case"], f["method"], f["setting"]) for f in summary["failed"]] == [
        ("a", "net", "3"), ("b", "net", "1"), ("b", "net", "3"), ("c", "", ""),
    ]  # fmt: skip


def test_a_dataset_without_a_usable_case_has_no_numbers():
    numbers = summary_of(failure_of("", label=0, method="", setting=""))["datasets"]["d"]
    assert (numbers["cases"], numbers["failed_cases"]) == (0, 1)
    assert numbers["dice"] == {"3": None}
    assert numbers["dice_interval"] == {"3": None}
    assert numbers["seconds"] == {"median": None, "p95": None}
    assert numbers["slices_used"] == {"3": None}


def test_seconds_are_quantiles_over_all_objects_and_choices():
    records = [record_of(str(n), 0.9, seconds=float(n)) for n in range(1, 4)]
    assert summary_of(*records)["datasets"]["d"]["seconds"] == pytest.approx({"median": 2.0, "p95": 2.9})
