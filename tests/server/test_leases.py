import threading

import pytest

from isegformer.errors import ShuttingDownError
from isegformer.server.leases import LeaseStore, Opened


class Things:
    """Opens things of ten bytes, and remembers what was opened and closed."""

    def __init__(self, budget_bytes=25, **options):
        self.store = LeaseStore(budget_bytes, **options)
        self.log = []

    def lease(self, key, **options):
        return self.store.lease(key, self.opener(key, **options))

    def opener(self, key, *, before=lambda: None):
        def open_it():
            before()
            self.log.append(f"open {key}")
            return Opened(value=key.upper(), size_bytes=10, close=lambda: self.log.append(f"close {key}"))

        return open_it


@pytest.fixture
def things():
    return Things()


def test_what_is_lent_stays_open_and_is_opened_once(things):
    with things.lease("a") as first, things.lease("a") as second:
        assert (first, second) == ("A", "A")
    with things.lease("a"):
        pass
    assert things.log == ["open a"]


def test_the_least_used_is_closed_above_the_budget(things):
    for key in ("a", "b", "a", "c"):
        with things.lease(key):
            pass
    assert things.log == ["open a", "open b", "open c", "close b"]
    assert things.store.open_keys() == ("a", "c")
    assert things.store.size_bytes == 20


def test_the_least_used_is_closed_when_there_are_too_many():
    things = Things(10**6, most_open=2)
    for key in ("a", "b", "a", "c"):
        with things.lease(key):
            pass
    assert things.store.open_keys() == ("a", "c")
    with things.lease("a"), things.lease("b"), things.lease("c"):
        assert len(things.store.open_keys()) == 3
    assert len(things.store.open_keys()) == 2


def test_what_is_lent_is_never_closed(things):
    with things.lease("a"), things.lease("b"), things.lease("c"), things.lease("d"):
        assert things.store.size_bytes == 40
        assert "close" not in "".join(things.log)
    assert things.log[4:] == ["close d", "close c"] or len(things.store.open_keys()) == 2


def test_what_is_retired_is_closed_as_soon_as_nobody_uses_it(things):
    used, idle, other = ("session", "a"), ("session", "b"), ("volume", "a")

    def lease(key):
        return things.store.lease(
            key, lambda: Opened(value=key, size_bytes=1, close=lambda: things.log.append(key))
        )

    with lease(idle), lease(other):
        pass
    with lease(used):
        things.store.retire(lambda key: key[0] == "session")
        assert things.log == [idle]
        with lease(used):
            pass
        assert things.log == [idle]
    assert things.log == [idle, used]
    with lease(used):
        pass
    assert things.log == [idle, used], "opened anew, and no longer retired"
    assert things.store.open_keys() == (other, used)


def test_a_thing_may_hold_another_that_is_closed_after_it(things):
    store = LeaseStore(5)
    log = []

    def outer():
        store.take("inner", lambda: Opened(value=1, size_bytes=10, close=lambda: log.append("inner")))

        def close():
            log.append("outer")
            store.give_back("inner")

        return Opened(value=2, size_bytes=10, close=close)

    with store.lease("outer", outer):
        assert set(store.open_keys()) == {"inner", "outer"}
    assert log == ["outer", "inner"]


def test_an_opener_that_fails_leaves_nothing_and_is_asked_again(things):
    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"), things.store.lease("a", fail):
        pass
    with things.lease("a") as value:
        assert value == "A"


def test_two_who_want_the_same_wait_for_one_opening_and_others_do_not():
    things, is_opening, may_open = Things(), threading.Event(), threading.Event()

    def slow():
        is_opening.set()
        assert may_open.wait(30)

    def want_a():
        with things.lease("a", before=slow):
            pass

    threads = [threading.Thread(target=want_a) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert is_opening.wait(30)
    with things.lease("b"):
        assert things.log == ["open b"]
    may_open.set()
    for thread in threads:
        thread.join(30)
    assert things.log == ["open b", "open a"]


def test_shutting_waits_for_what_is_lent_and_then_lends_nothing(things):
    lease = things.lease("a")
    lease.__enter__()
    closing = threading.Thread(target=things.store.shut)
    closing.start()
    closing.join(0.05)
    assert closing.is_alive()
    lease.__exit__(None, None, None)
    closing.join(30)
    assert things.log == ["open a", "close a"]
    with pytest.raises(ShuttingDownError, match="shutting down"), things.lease("b"):
        pass


def test_what_cannot_be_closed_is_logged_and_gone(things, caplog):
    def fail():
        raise OSError("stuck")

    with things.store.lease("a", lambda: Opened(value=1, size_bytes=99, close=fail)):
        pass
    assert "could not be closed" in caplog.text
    assert things.store.open_keys() == ()
