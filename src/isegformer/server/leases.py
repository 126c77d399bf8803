"""What is open in memory: lent to those who use it, closed by least use when it is too much or too many.

Nothing that is lent is ever closed. One lock, never held while something opens or closes: those who want what
another thread opens or closes wait for that thread alone. What is open may hold leases itself; a session
holds its volume.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from isegformer.errors import ShuttingDownError

logger = logging.getLogger(__name__)

MOST_OPEN = 128
"""Things that are kept open while nobody uses them; a session takes four of the files that a process may
have open, and those are 1024 on many systems."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """Something that was opened."""

    value: Any
    size_bytes: int
    close: Callable[[], None]


class LeaseStore:
    """Open things by key."""

    def __init__(self, budget_bytes: int, *, most_open: int = MOST_OPEN) -> None:
        self._budget_bytes = budget_bytes
        self._most_open = most_open
        self._changed = threading.Condition()
        self._open: OrderedDict[Hashable, Opened] = OrderedDict()
        self._uses: dict[Hashable, int] = {}
        self._in_transit: set[Hashable] = set()
        self._retired: set[Hashable] = set()
        self._is_shut = False

    @property
    def size_bytes(self) -> int:
        """Memory that all open things take together."""
        with self._changed:
            return sum(item.size_bytes for item in self._open.values())

    def open_keys(self) -> tuple[Hashable, ...]:
        """Return the keys of what is open, least used first."""
        with self._changed:
            return tuple(self._open)

    @contextmanager
    def lease(self, key: Hashable, opener: Callable[[], Opened]) -> Iterator[Any]:
        """Give what `key` stands for, opened if need be, and keep it open during the block.

        Raises
        ------
        ShuttingDownError : the store is shut; or whatever `opener` raises
        """
        value = self.take(key, opener)
        try:
            yield value
        finally:
            self.give_back(key)

    def take(self, key: Hashable, opener: Callable[[], Opened]) -> Any:
        """Start a lease that ends with `give_back`; see `lease`."""
        with self._changed:
            while key in self._in_transit:
                self._changed.wait()
            if self._is_shut:
                raise ShuttingDownError("the server is shutting down; try again when it is back")
            if key in self._open:
                self._open.move_to_end(key)
                self._uses[key] += 1
                return self._open[key].value
            self._in_transit.add(key)
        return self._opened(key, opener)

    def _opened(self, key: Hashable, opener: Callable[[], Opened]) -> Any:
        try:
            item = opener()
        except BaseException:
            with self._changed:
                self._in_transit.discard(key)
                self._changed.notify_all()
            raise
        with self._changed:
            self._open[key], self._uses[key] = item, 1
            self._in_transit.discard(key)
            self._changed.notify_all()
        self._keep_budget()
        return item.value

    def give_back(self, key: Hashable) -> None:
        """End a lease."""
        with self._changed:
            self._uses[key] -= 1
            self._changed.notify_all()
        self._keep_budget()

    def retire(self, is_meant: Callable[[Hashable], bool]) -> None:
        """Close all that is open now under keys that are meant, each as soon as nobody uses it."""
        with self._changed:
            while any(is_meant(key) for key in self._in_transit):
                self._changed.wait()
            self._retired |= {key for key in self._open if is_meant(key)}
        self._keep_budget()

    def shut(self) -> None:
        """Lend nothing any more, wait until all is given back, and close everything."""
        with self._changed:
            self._is_shut = True
        while True:
            with self._changed:
                key = self._next_idle(self._open)
                while key is None and (self._open or self._in_transit):
                    self._changed.wait()
                    key = self._next_idle(self._open)
                if key is None:
                    return
                item = self._start_closing(key)
            self._finish_closing(key, item)

    def _keep_budget(self) -> None:
        """Close what nobody uses: all that is retired; of the rest the least used first, until it fits."""
        while True:
            with self._changed:
                total = sum(item.size_bytes for item in self._open.values())
                is_too_much = total > self._budget_bytes or len(self._open) > self._most_open
                key = self._next_idle(self._open if is_too_much else self._retired)
                if key is None:
                    return
                item = self._start_closing(key)
            self._finish_closing(key, item)

    def _next_idle(self, keys: Collection[Hashable]) -> Hashable | None:
        return next((key for key in keys if self._uses[key] == 0), None)

    def _start_closing(self, key: Hashable) -> Opened:
        self._in_transit.add(key)
        self._retired.discard(key)
        del self._uses[key]
        return self._open.pop(key)

    def _finish_closing(self, key: Hashable, item: Opened) -> None:
        try:
            item.close()
        except Exception:
            logger.exception("%s could not be closed", key)
        with self._changed:
            self._in_transit.discard(key)
            self._changed.notify_all()


def session_key(session_id: str) -> Hashable:
    """Return the key of a session."""
    return "session", session_id


def is_session(key: Hashable) -> bool:
    """Whether a key is that of a session."""
    return isinstance(key, tuple) and key[:1] == ("session",)
