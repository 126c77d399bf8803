from isegformer.errors import DatasetError
from isegformer.evaluation.records import RecordKey, VolumeRecord
from isegformer.evaluation.report.case_view import case_views, result_in_words


def test_a_clicked_case_tells_its_first_its_last_and_its_mean_iou(make_record):
    assert result_in_words(make_record((0.5, 0.9))) == (
        "IoU 0.900 after 2 clicks, 0.500 after the first, mean 0.880"  # (0.5 + 19 x 0.9) / 20
    )


def test_a_volume_tells_its_dice_and_its_effort():
    key = RecordKey(dataset="colon", case="v", label=1, method="combined", setting="3")
    assert result_in_words(VolumeRecord(key=key, annotated=(4,), metrics={"dice": 0.8125})) == (
        "Dice 0.812, 1 slice annotated"
    )
    robot = VolumeRecord(key=key, annotated=(2, 4), n_clicks=5, metrics={"dice": 0.5})
    assert result_in_words(robot) == "Dice 0.500, 2 slices annotated, 5 clicks"


def test_a_view_has_a_picture_or_the_reason_why_not(make_record, picture):
    (seen,) = case_views([make_record((0.5,))], lambda record: (picture, picture))
    assert len(seen.drawings) == 2
    assert (seen.name, seen.place, seen.problem) == ("a", "knees, object 2", "")

    def gone(record):
        raise DatasetError("case a is gone")

    (missed,) = case_views([make_record((0.5,))], gone)
    assert (missed.drawings, missed.problem) == ((), "case a is gone")
