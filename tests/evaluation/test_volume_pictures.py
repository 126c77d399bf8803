from dataclasses import replace

import numpy as np
import pytest
from volume_fakes import bars, evaluation_of, robots_of, write_bars

from isegformer.errors import DatasetError
from isegformer.evaluation.executors import SerialExecutor
from isegformer.evaluation.measuring import MemoryKeeper
from isegformer.evaluation.robot_evaluation import carry_out_robots
from isegformer.evaluation.volume_evaluation import carry_out_volumes, plan_volumes
from isegformer.evaluation.volume_pictures import VolumePictures


@pytest.fixture
def evaluation(tmp_path):
    return evaluation_of(write_bars(tmp_path / "bars"), labels=(1,), limit=1, counts=(1,), axis=2)


@pytest.fixture
def pictures(evaluation):
    return VolumePictures(evaluation.folders, evaluation.choice)


@pytest.fixture
def record(evaluation):
    (found,) = carry_out_volumes(plan_volumes(evaluation), executor=SerialExecutor(), keeper=MemoryKeeper())
    return found


def target_of(record, index):
    return bars(shift=int(record.key.case[-1]))[:, :, index] == 1


def test_the_worst_slice_and_the_middle_one_are_drawn_with_truth_and_result(record, pictures):
    worst, middle = pictures(record)  # interpolation leaves the one given slice, the middle of six
    assert worst.place == "slice 1, Dice 0.000"
    assert middle.place == "slice 4, annotated, Dice 1.000"
    assert np.array_equal(middle.target, target_of(record, 4))
    assert np.array_equal(middle.prediction, target_of(record, 4))
    assert not worst.prediction.any()
    assert worst.image.shape == (12, 9)
    assert worst.pixel_aspect == 0.5  # 1 mm high, 2 mm wide


def test_clicks_of_a_robot_user_are_on_the_slice_that_it_clicked(evaluation, pictures):
    robots = robots_of(evaluation, annotator="clicks", most_slices=1)
    (worked,) = carry_out_robots(
        robots, plan_volumes(evaluation).objects, executor=SerialExecutor(), keeper=MemoryKeeper()
    )
    by_place = {picture.place.split(",")[0]: picture for picture in pictures(worked)}
    clicked = by_place[f"slice {worked.annotated[0]}"]
    assert len(clicked.clicks) == worked.n_clicks > 0
    assert all(not picture.clicks for place, picture in by_place.items() if picture is not clicked)


def test_without_kept_slices_or_with_another_volume_there_is_no_picture(record, pictures):
    with pytest.raises(DatasetError, match="no slice of it was kept"):
        pictures(replace(record, shown=()))
    with pytest.raises(DatasetError, match=r"has shape \(12, 9, 8\) now"):
        pictures(replace(record, shape=(2, 3, 4)))
