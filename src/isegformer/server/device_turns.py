"""Turns on a device: whoever waits longest is next."""

import threading
from collections import deque
from types import TracebackType


class DeviceTurns:
    """A lock that is handed on in the order of asking, so that long work can let short work in between."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._is_taken = False

    @property
    def waiting(self) -> int:
        """How many wait for a turn."""
        return len(self._waiting)

    def __enter__(self) -> None:
        ticket = threading.Lock()
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return
            ticket.acquire()
            self._waiting.append(ticket)
        ticket.acquire()  # released by whoever hands the turn on

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False

    def pass_on(self) -> None:
        """Let those go first who wait, each once; called by whoever has the turn, between two steps."""
        if self._waiting:
            self.__exit__(None, None, None)
            self.__enter__()
