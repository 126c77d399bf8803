import pytest

from isegformer.evaluation.ranking import rank, score
from isegformer.evaluation.records import ClickRecord, RecordKey, VolumeRecord


def clicked(case: str, *ious: float, error: str | None = None) -> ClickRecord:
    key = RecordKey(dataset="d", case=case, label=1, method="m", setting="centre")
    return ClickRecord(key=key, ious=ious, error=error)


def volume(case: str, dice: float | None, *, annotated: int) -> VolumeRecord:
    key = RecordKey(dataset="d", case=case, label=1, method="m", setting=str(annotated))
    return VolumeRecord(key=key, annotated=tuple(range(annotated)), metrics={"dice": dice})


def test_score_of_clicks_is_the_mean_iou_over_20_clicks():
    assert score(clicked("a", 0.5, 1.0)) == pytest.approx((0.5 + 19 * 1.0) / 20)
    assert score(clicked("a", *[0.25] * 20, 1.0)) == 0.25


def test_cases_without_a_measurement_have_no_score():
    assert score(clicked("a", 0.5, error="torn")) is None
    assert score(clicked("a")) is None
    assert score(volume("a", None, annotated=1)) is None


def test_best_come_best_first_and_worst_come_worst_first():
    found = rank(
        [clicked(name, value) for name, value in zip("abcdef", (0.3, 0.9, 0.1, 0.5, 0.7, 0.2), strict=True)],
        shown=2,
    )
    assert [record.key.case for record in found.best] == ["b", "e"]
    assert [record.key.case for record in found.worst] == ["c", "f"]


@pytest.mark.parametrize(
    ("n", "n_best", "n_worst"), [(0, 0, 0), (1, 1, 0), (2, 1, 1), (5, 3, 2), (40, 10, 10)]
)
def test_no_case_is_among_the_best_and_the_worst(n, n_best, n_worst):
    found = rank([clicked(str(number), number / 50) for number in range(n)])
    assert (len(found.best), len(found.worst)) == (n_best, n_worst)
    assert {record.key for record in found.best}.isdisjoint(record.key for record in found.worst)


def test_failed_cases_are_not_ranked():
    found = rank([clicked("a", 0.5), clicked("b", error="torn")])
    assert [record.key.case for record in (*found.best, *found.worst)] == ["a"]


def test_an_object_counts_once_with_the_most_annotated_slices():
    found = rank(
        [volume("a", 0.5, annotated=1), volume("a", 0.9, annotated=5), volume("b", 0.7, annotated=1)]
    )
    assert [record.metrics["dice"] for record in (*found.best, *found.worst)] == [0.9, 0.7]


def test_an_object_that_two_users_clicked_counts_with_the_first():
    second = ClickRecord(
        key=RecordKey(dataset="d", case="a", label=1, method="m", setting="human"), ious=(0.9,)
    )
    assert rank([clicked("a", 0.5), second]).best == (clicked("a", 0.5),)
