import pickle
from dataclasses import replace

import pytest
from volume_fakes import POISON, FakeMethod, OnlyGiven, evaluation_of, write_bars

from isegformer.errors import ConfigError
from isegformer.evaluation.executors import SerialExecutor
from isegformer.evaluation.measuring import MemoryKeeper
from isegformer.evaluation.record_json import volume_record_from_json
from isegformer.evaluation.result_log import ResultLog
from isegformer.evaluation.volume_evaluation import carry_out_volumes, plan_volumes
from isegformer.evaluation.volume_protocol import EvenSlices, ListedSlices


@pytest.fixture
def folder(tmp_path):
    return write_bars(tmp_path / "bars")


def measured(evaluation, *, executor=None, keeper=None):
    plan = plan_volumes(evaluation)
    return carry_out_volumes(plan, executor=executor or SerialExecutor(), keeper=keeper or MemoryKeeper())


def comparable(records):
    """Return records without what differs from run to run."""
    return [replace(record, seconds=0.0) for record in records]


def test_every_object_is_filled_by_every_method_from_every_choice_of_slices(folder):
    records = measured(evaluation_of(folder, methods=("bars", "given"), kinds={"given": OnlyGiven}))
    assert len(records) == 4 * 2 * 2
    assert [(r.key.case, r.key.label, r.key.method, r.key.setting) for r in records[:5]] == [
        ("bars_0", 1, "bars", "1"), ("bars_0", 1, "bars", "2"),
        ("bars_0", 1, "given", "1"), ("bars_0", 1, "given", "2"), ("bars_0", 2, "bars", "1"),
    ]  # fmt: skip
    assert [(r.axis, r.annotated) for r in records[:4]] == [(2, (4,)), (2, (1, 6)), (2, (4,)), (2, (1, 6))]
    # the bar is the same on its 6 slices: from its ends it is interpolated exactly; given slices are in it
    assert [r.metrics["dice"] for r in records[:4]] == pytest.approx([2 / 7, 1.0, 2 / 7, 0.5])
    assert records[1].metrics["hd95_mm"] == 0.0
    assert records[3].slice_dice == (1, 1, 0, 0, 0, 0, 1, 1)


def test_a_short_object_is_given_on_all_its_slices_and_no_more(folder):
    records = measured(evaluation_of(folder, counts=(10,), labels=(2,)))
    assert [r.annotated for r in records] == [(2, 3, 4)] * 2
    assert [r.metrics["dice"] for r in records] == [1.0, 1.0]


def test_a_volume_that_crashes_fails_alone(tmp_path):
    folder = write_bars(tmp_path / "bars", first_voxel=(0, POISON))
    records = measured(evaluation_of(folder, counts=(2,)))
    assert [record.error for record in records] == ["ValueError: the volume is poison"] * 2 + [None] * 2
    assert [record.key.case for record in records] == ["bars_0"] * 2 + ["bars_1"] * 2


def test_slices_that_miss_an_object_fail_for_it_alone(folder):
    evaluation = replace(evaluation_of(folder), given=(ListedSlices(indices=(1, 6)),))
    first, second, *_ = measured(evaluation)
    assert first.key.setting == "at 1,6"
    assert (first.error, first.metrics["dice"]) == (None, 1.0)
    assert "none of the slices 1,6 holds the object, which lies on 2 to 4" in second.error


def test_what_is_sent_to_another_process_does_the_same_there(folder):
    evaluation = evaluation_of(folder)

    class Sent(SerialExecutor):
        def run(self, jobs, make_worker):
            return super().run(*pickle.loads(pickle.dumps((jobs, make_worker))))

    assert comparable(measured(evaluation, executor=Sent())) == comparable(measured(evaluation))


def test_a_run_goes_on_where_it_was(folder, tmp_path):
    evaluation = evaluation_of(folder)
    whole = measured(evaluation)
    log = ResultLog(tmp_path / "run", {}, from_json=volume_record_from_json, is_resumed=False)
    for record in whole[:3]:
        log.append(record)
    log.close()
    log = ResultLog(tmp_path / "run", {}, from_json=volume_record_from_json, is_resumed=True)
    resumed = measured(evaluation, keeper=log)
    log.close()
    assert resumed[:3] == whole[:3]  # times too: they were not measured again
    assert comparable(resumed) == comparable(whole)


def test_problems_come_first_and_belong_to_no_method(folder):
    (folder / "bars_0_image.nii.gz").unlink()
    records = measured(evaluation_of(folder, counts=(2,)))
    assert (records[0].key.case, records[0].key.method) == ("bars_0", "")
    assert records[0].error == "it has labels but no image"
    assert {record.key.case for record in records[1:]} == {"bars_1"}


def test_progress_counts_volumes_then_jobs(folder):
    searched, done = [], []
    plan = plan_volumes(
        evaluation_of(folder, counts=(2,)), on_progress=lambda *counts: searched.append(counts)
    )
    carry_out_volumes(
        plan,
        executor=SerialExecutor(),
        keeper=MemoryKeeper(),
        on_progress=lambda *counts: done.append(counts),
    )
    assert searched == [(1, 2), (2, 2)]
    assert done == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"methods": ()}, "methods"),
        ({"methods": (FakeMethod(name="a"), FakeMethod(name="a"))}, "methods"),
        ({"given": ()}, "given slices"),
        ({"given": (EvenSlices(count=1), EvenSlices(count=1))}, "given slices"),
        ({"threads": 0}, "threads is 0"),
        ({"tolerance_mm": -1.0}, "tolerance is -1.0 mm"),
    ],
)
def test_evaluations_that_mean_nothing_are_refused(tmp_path, changed, told):
    with pytest.raises(ConfigError, match=told):
        replace(evaluation_of(tmp_path), **changed)
