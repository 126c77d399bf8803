import dataclasses

import pytest

from isegformer.adaptation.adapt import Limits, adapt
from isegformer.adaptation.job import Measure
from isegformer.adaptation.leg_log import LegLog
from isegformer.errors import ConfigError, DatasetError, WriteError


class Clock:
    """Time that passes only when work is done."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class FakeJob:
    """Trains at once; `measures` are those of the start and of every leg."""

    kind = "click"
    start_from = "compact"
    leg_steps = 50

    def __init__(self, folder, measures, *, clock=None, higher_is_better=False):
        self.folder, self.measures, self.clock = folder, list(measures), clock or Clock()
        self.measure = Measure(
            text="mean clicks", higher_is_better=higher_is_better, items=3, of=self.measured
        )
        self.trained, self.asked = [], []

    def train_to(self, step):
        self.trained.append(step)
        self.clock.now += 10.0
        self.folder.mkdir(exist_ok=True)
        weights = self.folder / "weights.safetensors"
        weights.write_text(f"weights of step {step}")
        return weights

    def measured(self, weights):
        self.asked.append(str(weights))
        self.clock.now += 2.0
        step = self.trained[-1] if weights != "compact" else 0
        return self.measures[step // 50]


def run(job, folder, *, limits=None, seen=None, **options):
    progress = [] if seen is None else seen
    return adapt(
        job,
        folder=folder,
        limits=limits or Limits(),
        on_progress=progress.append,
        clock=job.clock,
        **options,
    )


def test_the_best_weights_are_kept_and_training_stops_when_nothing_gets_better(tmp_path):
    job = FakeJob(tmp_path / "run", [9.0, 7.0, 5.0, 6.0, 5.0, 5.5, 1.0])
    result = run(job, tmp_path / "run")
    assert (result.before, result.after) == (9.0, 5.0)
    assert job.trained == [50, 100, 150, 200, 250]
    assert result.weights.read_text() == "weights of step 100"
    assert [leg.step for leg in result.legs] == [0, 50, 100, 150, 200, 250]
    assert job.asked[0] == "compact"


def test_where_nothing_is_better_the_old_weights_stay(tmp_path):
    job = FakeJob(tmp_path / "run", [4.0, 4.0, 5.0, 6.0])
    result = run(job, tmp_path / "run")
    assert result.weights is None
    assert (result.before, result.after) == (4.0, 4.0)


def test_a_share_is_better_when_it_is_higher(tmp_path):
    job = FakeJob(tmp_path / "run", [0.5, 0.7, 0.6, 0.6, 0.6], higher_is_better=True)
    seen = []
    result = run(job, tmp_path / "run", seen=seen)
    assert (result.before, result.after) == (0.5, pytest.approx(0.7))
    assert result.weights.read_text() == "weights of step 50"
    assert [round(progress.measured, 6) for progress in seen] == [0.5, 0.7, 0.6, 0.6, 0.6]
    assert seen[-1].best == pytest.approx(0.7)


def test_time_and_legs_are_limited(tmp_path):
    falling = [20.0 - n for n in range(20)]
    few = FakeJob(tmp_path / "few", falling)
    assert len(run(few, tmp_path / "few", limits=Limits(most_legs=4)).legs) == 5
    short = FakeJob(tmp_path / "short", falling)
    # 2 s for the first measurement and 12 s a leg: after three legs, 38 s, a fourth would end at 50 s.
    assert len(run(short, tmp_path / "short", limits=Limits(seconds=49)).legs) == 4


def test_progress_says_how_much_time_is_left_at_most(tmp_path):
    seen = []
    job = FakeJob(tmp_path / "run", [20.0 - n for n in range(20)])
    run(job, tmp_path / "run", limits=Limits(most_legs=3, seconds=1000), seen=seen)
    assert [progress.seconds for progress in seen] == [2, 14, 26, 38]
    assert [progress.seconds_left for progress in seen] == [998, 24, 12, 0]


def test_a_cancelled_run_gives_what_there_is_and_goes_on_later(tmp_path):
    folder = tmp_path / "run"
    first = FakeJob(folder, [9.0, 7.0, 5.0, 6.0, 6.0, 6.0])
    partly = run(first, folder, is_cancelled=lambda: len(first.trained) == 2)
    assert partly.weights.read_text() == "weights of step 100"
    second = FakeJob(folder, [9.0, 7.0, 5.0, 6.0, 6.0, 6.0])
    whole = run(second, folder)
    assert second.trained == [150, 200, 250]
    assert second.asked[0] != "compact"
    assert whole.seconds == 2 + 5 * 12
    assert whole.weights.read_text() == "weights of step 100"


def test_a_finished_run_does_nothing_more(tmp_path):
    folder = tmp_path / "run"
    result = run(FakeJob(folder, [4.0, 5.0, 5.0, 5.0]), folder)
    again = FakeJob(folder, [])
    assert run(again, folder) == result
    assert (again.trained, again.asked) == ([], [])


def test_a_kill_between_training_and_measuring_repeats_that_leg(tmp_path):
    folder = tmp_path / "run"
    job = FakeJob(folder, [9.0, 7.0, 5.0, 6.0, 6.0, 6.0])
    measured = job.measured

    def killed(weights):
        if job.trained == [50, 100]:
            raise KeyboardInterrupt
        return measured(weights)

    job.measure = dataclasses.replace(job.measure, of=killed)
    with pytest.raises(KeyboardInterrupt):
        run(job, folder)
    again = FakeJob(folder, [9.0, 7.0, 5.0, 6.0, 6.0, 6.0])
    assert run(again, folder).after == 5.0
    assert again.trained[0] == 100


def test_cancelled_before_anything_was_measured_is_an_error(tmp_path):
    with pytest.raises(DatasetError, match="cancelled before the first measurement"):
        run(FakeJob(tmp_path, [1.0]), tmp_path, is_cancelled=lambda: True)


def test_cases_that_allow_no_measurement_are_refused(tmp_path):
    job = FakeJob(tmp_path, [1.0])
    job.measure = dataclasses.replace(job.measure, items=0)
    with pytest.raises(DatasetError, match="click network cannot be checked"):
        run(job, tmp_path)


def test_a_damaged_log_is_named(tmp_path):
    (tmp_path / "legs.jsonl").write_text('{"step": 50')
    with pytest.raises(ConfigError, match=r"legs\.jsonl is damaged"):
        run(FakeJob(tmp_path, [1.0]), tmp_path)


def test_a_full_disk_leaves_the_earlier_legs_readable(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    job = FakeJob(folder, [9.0, 7.0, 5.0])
    partly = run(job, folder, is_cancelled=lambda: len(job.trained) == 1)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("isegformer.atomic.os.replace", full)
    with pytest.raises(WriteError, match="No space left"):
        run(FakeJob(folder, [9.0, 7.0, 5.0]), folder)
    assert LegLog(folder).read() == list(partly.legs)


def test_limits_have_sensible_values():
    assert dataclasses.asdict(Limits()) == {"most_legs": 15, "seconds": 1200.0}
