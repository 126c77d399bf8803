import threading

import pytest
from server_fakes import Gate

from isegformer.errors import ClickError, ShuttingDownError
from isegformer.server.device_turns import DeviceTurns
from isegformer.server.network_worker import NetworkWorker, Task


@pytest.fixture
def worker():
    made = NetworkWorker()
    yield made
    made.close()


@pytest.fixture
def gate(worker):
    """Hold the worker until the test opens the gate, so that tasks pile up."""
    held = Gate()
    worker.submit("gate", Task(run=held))
    assert held.is_reached.wait(30)
    yield held
    held.open()


def test_sessions_are_served_in_turn_and_each_in_order(worker, gate):
    order = []
    futures = [
        worker.submit(lane, Task(run=lambda _, name=f"{lane}{number}": order.append(name)))
        for lane in "abc"
        for number in range(3)
    ]
    gate.open()
    for future in futures:
        future.result(30)
    assert order == ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]


def test_tasks_that_pile_up_and_are_alike_run_as_one(worker, gate):
    runs = []

    def run(payloads):
        runs.append(payloads)
        return len(payloads)

    alike = [worker.submit("a", Task(run=run, payload=number, gathers_with="x")) for number in range(3)]
    other = worker.submit("a", Task(run=run, payload=3, gathers_with="y"))
    late = worker.submit("a", Task(run=run, payload=4, gathers_with="x"))
    gate.open()
    assert [future.result(30) for future in (*alike, other, late)] == [3, 3, 3, 1, 1]
    assert runs == [(0, 1, 2), (3,), (4,)]


def test_one_that_is_refused_does_not_take_the_others_with_it(worker, gate):
    def run(payloads):
        if "bad" in payloads:
            raise ClickError("bad")
        return payloads

    futures = [
        worker.submit("a", Task(run=run, payload=name, gathers_with="x")) for name in ("good", "bad", "fine")
    ]
    gate.open()
    assert futures[0].result(30) == ("good",)
    with pytest.raises(ClickError):
        futures[1].result(30)
    assert futures[2].result(30) == ("fine",)


def test_whatever_is_raised_reaches_who_waits_and_the_thread_goes_on(worker):
    def fail(_):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        worker.submit("a", Task(run=fail)).result(30)
    assert worker.submit("a", Task(run=lambda _: "alive")).result(30) == "alive"


def test_a_callback_that_fails_does_not_end_the_thread(worker, caplog):
    future = worker.submit("a", Task(run=lambda _: 1))
    future.add_done_callback(lambda _: 1 / 0)
    assert worker.submit("a", Task(run=lambda _: "alive")).result(30) == "alive"


def test_closing_does_what_is_queued_and_takes_no_more():
    worker, gate = NetworkWorker(), Gate()
    worker.submit("a", Task(run=gate))
    last = worker.submit("b", Task(run=lambda _: "done"))
    closing = threading.Thread(target=worker.close)
    closing.start()
    gate.open()
    closing.join(30)
    assert last.result(0) == "done"
    with pytest.raises(ShuttingDownError, match="shutting down"):
        worker.submit("a", Task(run=lambda _: None))


def test_only_tasks_that_ask_the_network_wait_for_the_device(worker):
    turns = DeviceTurns()
    with turns:
        assert worker.submit("a", Task(run=lambda _: "renamed")).result(30) == "renamed"
        click = worker.submit("a", Task(run=lambda _: "clicked", turns=turns))
        while turns.waiting == 0:
            pass
        assert not click.done()
    assert click.result(30) == "clicked"
