import os
import signal
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from evaluation_fakes import FATAL, POISON, Disks, Flood, evaluation_of, write_cells

from isegformer.clicks import Click
from isegformer.evaluation.click_evaluation import carry_out, plan_clicks
from isegformer.evaluation.executors import ExecutorRequest, SerialExecutor, make_executor
from isegformer.evaluation.measuring import MemoryKeeper
from isegformer.evaluation.record_json import click_record_from_json
from isegformer.evaluation.result_log import ResultLog

SRC = Path(__file__).parents[2] / "src"


def measured(evaluation, *, executor=None, keeper=None):
    plan = plan_clicks(evaluation)
    return carry_out(plan, executor=executor or SerialExecutor(), keeper=keeper or MemoryKeeper())


def comparable(records):
    """Return records without what differs from run to run."""
    return [replace(record, seconds=(), rss_peak_mb=None, gpu_peak_mb=None) for record in records]


def test_every_object_is_clicked_by_every_user_for_every_method(cells):
    evaluation = evaluation_of(
        cells, methods=("flood", "disks"), kinds={"disks": Disks}, users=("centre", "human")
    )
    records = measured(evaluation)
    assert len(records) == 6 * 2 * 2
    assert [(r.key.method, r.key.setting) for r in records[::6]] == [
        ("flood", "centre"), ("flood", "human"), ("disks", "centre"), ("disks", "human"),
    ]  # fmt: skip
    first = records[0]
    assert (first.key.dataset, first.key.case, first.key.label) == ("cells", "cell_0", 1)
    assert (first.shape, first.object_px) == ((24, 31), 63)
    assert first.clicks == (Click(row=6, col=7, is_positive=True),)  # the first of the deepest pixels
    assert first.ious == (1.0,)
    assert len(first.seconds) == 1
    assert first.error is None
    disks = records[12]
    assert len(disks.clicks) == len(disks.ious) == len(disks.seconds) == 20
    assert max(disks.ious) < 0.95


def test_clicks_of_a_user_who_draws_depend_on_the_seed_and_the_object_only(cells):
    evaluation = evaluation_of(cells, methods=("a", "b"), kinds={"a": Disks, "b": Disks}, users=("human",))
    records = measured(evaluation)
    assert [r.clicks for r in records[:6]] == [r.clicks for r in records[6:]]
    assert len({r.clicks for r in records[:6]}) == 6
    alone = measured(replace(evaluation, methods=evaluation.methods[1:]))
    assert [r.clicks for r in alone] == [r.clicks for r in records[6:]]
    other = measured(replace(evaluation, seed=1))
    assert [r.clicks for r in other] != [r.clicks for r in records]


def test_a_case_that_crashes_is_named_and_the_others_go_on(tmp_path):
    cells = write_cells(tmp_path / "cells", first_pixel=(1, POISON))
    records = measured(evaluation_of(cells))
    assert [r.error for r in records] == [None, None, *2 * ["ValueError: the image is poison"], None, None]
    assert records[2].key.case == "cell_1"
    assert records[2].ious == ()


def test_a_folder_without_cases_and_an_image_without_labels_are_records_without_a_method(cells, tmp_path):
    (cells / "labels" / "cell_2.png").unlink()
    (tmp_path / "none").mkdir()
    records = measured(evaluation_of(tmp_path / "none", cells, methods=("a", "b")))
    problems = [r for r in records if r.error is not None]
    assert [(r.key.dataset, r.key.case, r.key.label, r.key.method) for r in problems] == [
        ("none", "", 0, ""), ("cells", "cell_2", 0, ""),
    ]  # fmt: skip
    assert len(records) == 2 + 4 * 2


def test_several_processes_give_the_records_of_one(tmp_path):
    cells = write_cells(tmp_path / "cells", first_pixel=(1, POISON))
    evaluation = evaluation_of(cells, methods=("flood", "disks"), kinds={"disks": Disks}, users=("human",))
    alone = comparable(measured(evaluation))
    several = measured(evaluation, executor=make_executor(ExecutorRequest(workers=2)))
    assert comparable(several) == alone
    assert sum(r.error is not None for r in alone) == 2


def test_a_process_that_dies_is_one_failed_record_each_time(tmp_path):
    cells = write_cells(tmp_path / "cells", first_pixel=(1, FATAL))
    records = measured(evaluation_of(cells), executor=make_executor(ExecutorRequest(workers=2)))
    assert [r.error is None for r in records] == [True, True, False, False, True, True]
    assert "exit code 3" in records[2].error


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed (extra ray)")
def test_a_local_ray_cluster_gives_the_records_of_one_process(tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # for the stand-ins
    safe = write_cells(tmp_path / "safe")
    fatal = write_cells(tmp_path / "fatal", n_images=1, first_pixel=(0, FATAL))
    executor = make_executor(ExecutorRequest(workers=2, address="local"))
    records = measured(evaluation_of(safe, fatal, users=("human",), labels=(1,)), executor=executor)
    assert "the process that measured it ended" in records[-1].error
    assert comparable(records[:-1]) == comparable(
        measured(evaluation_of(safe, users=("human",), labels=(1,)))
    )


class CountingFlood(Flood):
    slices = 0

    def set_slice(self, image):
        type(self).slices += 1
        super().set_slice(image)


def test_what_the_log_holds_is_not_measured_again(cells, tmp_path, monkeypatch):
    monkeypatch.setattr(CountingFlood, "slices", 0)
    evaluation = evaluation_of(cells, kinds={"flood": CountingFlood})
    for n_measured in (6, 6):  # the second time: none more
        log = ResultLog(tmp_path / "run", {}, from_json=click_record_from_json, is_resumed=True)
        records = measured(evaluation, keeper=log)
        log.close()
        assert CountingFlood.slices == n_measured
        assert len(records) == 6
    assert comparable(records) == comparable(measured(evaluation_of(cells)))


@pytest.fixture
def killed_run(cells, tmp_path):
    """Return a function that evaluates in another process and kills it after some records."""

    def run(n_records):
        environment = dict(os.environ, PYTHONPATH=str(SRC))
        script = Path(__file__).with_name("kill_worker.py")
        process = subprocess.Popen(
            [sys.executable, str(script), str(cells), str(tmp_path / "run")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        with process:
            for _ in range(n_records):
                assert process.stdout.readline() == b"measured\n"
                process.stdin.write(b"go on\n")
                process.stdin.flush()
            assert process.stdout.readline() == b"measured\n"
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL

    return run


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_a_killed_run_goes_on_where_it_was(killed_run, cells, tmp_path):
    killed_run(2)
    lines = (tmp_path / "run" / "records.jsonl").read_text().splitlines()
    assert len(lines) == 3
    log = ResultLog(tmp_path / "run", {}, from_json=click_record_from_json, is_resumed=True)
    kept = list(log.records.values())
    records = measured(evaluation_of(cells), keeper=log)
    log.close()
    assert records[:3] == kept  # times included: they were not measured again
    assert comparable(records) == comparable(measured(evaluation_of(cells)))
    assert (tmp_path / "run" / "records.jsonl").read_text().splitlines()[:3] == lines
