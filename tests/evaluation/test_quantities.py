from isegformer.evaluation.quantities import quantities
from isegformer.evaluation.records import ClickRecord, RecordKey, VolumeRecord

KEY = RecordKey(dataset="d", case="c", label=1, method="m")


def test_clicks_are_compared_by_clicks_needed_and_by_iou():
    found = quantities(ClickRecord(key=KEY, ious=(0.5, 0.82, 0.91)))
    assert found == {
        "noc@80": 2,
        "noc@85": 3,
        "noc@90": 3,
        "noc@95": 20,
        "iou after 1": 0.5,
        "iou after 3": 0.91,
        "iou after 5": 0.91,
        "iou after 10": 0.91,
    }


def test_volumes_are_compared_by_the_metrics_that_are_defined():
    record = VolumeRecord(key=KEY, metrics={"dice": 0.5, "hd95_mm": None})
    assert quantities(record) == {"dice": 0.5}


def test_clicks_of_a_robot_user_are_compared_too():
    assert quantities(VolumeRecord(key=KEY, metrics={"dice": 0.5}, n_clicks=7)) == {"dice": 0.5, "clicks": 7}


def test_nothing_is_compared_of_a_case_that_failed():
    assert quantities(ClickRecord(key=KEY, error="torn")) == {}
