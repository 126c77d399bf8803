import pickle
from dataclasses import replace

import pytest
from volume_fakes import POISON, OnlyGiven, evaluation_of, robots_of, write_bars

from isegformer.errors import ConfigError
from isegformer.evaluation.executors import SerialExecutor
from isegformer.evaluation.measuring import MemoryKeeper
from isegformer.evaluation.record_json import record_to_json, volume_record_from_json
from isegformer.evaluation.robot_evaluation import carry_out_robots
from isegformer.evaluation.volume_evaluation import plan_volumes


@pytest.fixture
def folder(tmp_path):
    return write_bars(tmp_path / "bars")


def worked(evaluation, robots, *, executor=None, keeper=None):
    return carry_out_robots(
        robots,
        plan_volumes(evaluation).objects,
        executor=executor or SerialExecutor(),
        keeper=keeper or MemoryKeeper(),
    )


def comparable(records):
    """Return records without what differs from run to run."""
    return [replace(record, seconds=0.0) for record in records]


def test_every_object_is_segmented_alone_by_every_method_and_strategy(folder):
    evaluation = evaluation_of(folder, methods=("bars", "given"), kinds={"given": OnlyGiven})
    records = worked(evaluation, robots_of(evaluation, strategies=("even", "worst"), most_slices=2))
    assert len(records) == 4 * 2 * 2
    assert [(r.key.label, r.key.method, r.key.setting) for r in records[:5]] == [
        (1, "bars", "robot even"), (1, "bars", "robot worst"),
        (1, "given", "robot even"), (1, "given", "robot worst"), (2, "bars", "robot even"),
    ]  # fmt: skip
    first = records[2]  # the bar lies on slices 1 to 6 across the last axis; its middle is 4
    assert (first.axis, first.annotated[0], len(first.annotated)) == (2, 4, 2)
    assert [(slices, clicks) for slices, clicks, _ in first.curve] == [(1, 0), (2, 0)]
    # of six equal slices, the given ones alone: 2 * 1 / (1 + 6), 2 * 2 / (2 + 6)
    assert [dice for *_, dice in first.curve] == pytest.approx([2 / 7, 1 / 2])
    assert first.metrics["dice"] == 0.5
    assert first.metrics["sensitivity"] == pytest.approx(1 / 3)
    assert sum(share == 1 for share in first.slice_dice) == 4  # two given ones and two without the object


def test_a_robot_is_content_or_spends_its_clicks(folder):
    evaluation = evaluation_of(folder)
    content, *_ = worked(evaluation, robots_of(evaluation, most_slices=8, enough_dice=0.4))
    assert content.curve[-1][2] >= 0.4
    assert all(dice < 0.4 for *_, dice in content.curve[:-1])
    spent, *_ = worked(evaluation, robots_of(evaluation, annotator="clicks", most_clicks=3, most_slices=8))
    assert spent.n_clicks >= 3
    assert all(clicks < 3 for _, clicks, _ in spent.curve[:-1])


def test_strategies_that_draw_can_be_tried_several_times(folder):
    evaluation = evaluation_of(folder, labels=(1,), limit=1)
    records = worked(evaluation, robots_of(evaluation, strategies=("random",), draws=3, most_slices=4))
    settings = [record.key.setting for record in records]
    assert settings == ["robot random", "robot random, draw 1", "robot random, draw 2"]
    assert len({record.annotated for record in records}) > 1


def test_a_volume_that_crashes_fails_alone(tmp_path):
    folder = write_bars(tmp_path / "bars", first_voxel=(0, POISON))
    evaluation = evaluation_of(folder)
    records = worked(evaluation, robots_of(evaluation, most_slices=2))
    assert [record.error is None for record in records] == [False, False, True, True]
    assert "the volume is poison" in records[0].error


def test_what_is_done_is_not_done_again_and_records_survive_a_file(folder):
    evaluation = evaluation_of(folder)
    robots = robots_of(evaluation, most_slices=2)
    whole = worked(evaluation, robots)
    assert [volume_record_from_json(record_to_json(record)) for record in whole] == whole
    keeper = MemoryKeeper()
    keeper.append(whole[0])
    again = worked(evaluation, robots, keeper=keeper)
    assert again[0] is whole[0]
    assert comparable(again) == comparable(whole)


def test_what_is_sent_to_another_process_does_the_same_there(folder):
    class Sent(SerialExecutor):
        def run(self, jobs, make_worker):
            return super().run(*pickle.loads(pickle.dumps((jobs, make_worker))))

    evaluation = evaluation_of(folder)
    robots = robots_of(evaluation, strategies=("random",), annotator="clicks", most_slices=2)
    assert comparable(worked(evaluation, robots, executor=Sent())) == comparable(worked(evaluation, robots))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"strategies": ("even", "even")}, "expected each once"),
        ({"strategies": ("guess",)}, "robot is 'guess', expected one of: suggested"),
        ({"annotator": "guess"}, "annotator is 'guess', expected one of: clicks, truth"),
    ],
)
def test_robots_that_mean_nothing_are_refused(tmp_path, changed, told):
    with pytest.raises(ConfigError, match=told):
        replace(robots_of(evaluation_of(tmp_path)), **changed)
