import json
from types import SimpleNamespace

import pytest
import torch

from isegformer.training.data_wait import DataWait
from isegformer.training.metrics_writer import MetricsWriter


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s


def slow_source(clock, *, waits_s):
    """Yield batches, each after its time."""
    for wait_s in waits_s:
        clock.now_s += wait_s
        yield wait_s


def trainer_at(step, *, max_steps=100, is_first=True, others=()):
    """Return what the writer sees of a trainer; `others` are the losses of the other processes."""
    strategy = SimpleNamespace(reduce=lambda loss, reduce_op: torch.stack([loss, *others]).mean())
    optimiser = SimpleNamespace(param_groups=[{"lr": 0.25}])
    return SimpleNamespace(
        global_step=step,
        max_steps=max_steps,
        is_global_zero=is_first,
        strategy=strategy,
        optimizers=[optimiser],
    )


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "metrics.jsonl"


def end_batch(writer, trainer, loss):
    writer.on_train_batch_end(trainer, None, {"loss": torch.tensor(loss)}, None, 0)


def test_a_line_says_which_share_of_the_time_went_into_waiting_for_data(path):
    clock = Clock()
    wait = DataWait(clock=clock)
    writer = MetricsWriter(path, every=2, wait=wait)
    clock.now_s += 1000  # setting up does not count
    writer.on_train_start(trainer_at(0), None)
    for step, _ in enumerate(wait.timed(slow_source(clock, waits_s=(1.0, 2.0, 0.0, 0.5))), start=1):
        clock.now_s += 3.0  # of computing
        end_batch(writer, trainer_at(step), 0.5)
    # 3 s of 9 s, then 0.5 s of 6.5 s
    assert [line["data_wait_share"] for line in lines(path)] == [0.3333, 0.0769]
    assert [(line["step"], line["loss"], line["learning_rate"]) for line in lines(path)] == [
        (2, 0.5, 0.25),
        (4, 0.5, 0.25),
    ]


def test_batches_can_be_gone_through_twice():
    batches = DataWait().timed([1, 2])
    assert list(batches) == list(batches) == [1, 2]


def test_no_time_at_all_is_no_waiting():
    assert DataWait(clock=Clock()).take_share() == 0


def test_the_loss_of_a_step_is_that_of_all_its_batches_and_processes(path):
    writer = MetricsWriter(path, every=1, wait=DataWait())
    writer.on_train_start(trainer_at(0), None)
    others = (torch.tensor(0.6),)
    end_batch(writer, trainer_at(0, others=others), 0.25)  # of two batches, divided by two as Lightning does
    end_batch(writer, trainer_at(1, others=others), 0.75)
    assert [line["loss"] for line in lines(path)] == [pytest.approx((1.0 + 0.6) / 2)]


def test_the_last_step_has_a_line(path):
    writer = MetricsWriter(path, every=10, wait=DataWait())
    writer.on_train_start(trainer_at(12), None)
    end_batch(writer, trainer_at(13, max_steps=13), 0.5)
    assert [line["step"] for line in lines(path)] == [13]


def test_other_processes_write_nothing(path):
    writer = MetricsWriter(path, every=1, wait=DataWait())
    writer.on_train_start(trainer_at(0, is_first=False), None)
    end_batch(writer, trainer_at(1, is_first=False), 0.5)
    assert not path.exists()


def test_a_resumed_run_drops_what_was_written_after_its_checkpoint(path):
    path.write_text('{"step": 10}\n{"step": 20}\n{"step": 30}\n{"step": 4', encoding="utf-8")
    MetricsWriter(path, every=10, wait=DataWait()).on_train_start(trainer_at(20), None)
    assert path.read_text(encoding="utf-8") == '{"step": 10}\n{"step": 20}\n'
