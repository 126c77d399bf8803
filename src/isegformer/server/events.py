"""What happens in a session, told to everybody who watches it, in order.

Threads publish; watchers read in the event loop. A watcher that falls behind is dropped, never waited for:
its client connects again and asks for the whole state.
"""

import asyncio
import threading
from collections.abc import AsyncIterator

Frame = str | bytes
"""Text is JSON, bytes are a label block."""

MOST_WAITING = 512
"""Frames that may wait for one watcher."""


class Watcher:
    """One who watches; made by `Hub.watch`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, most_waiting: int) -> None:
        self._loop = loop
        self._frames: asyncio.Queue[Frame | None] = asyncio.Queue(most_waiting + 1)
        self._most_waiting = most_waiting
        self.is_dropped = False

    @property
    def waiting(self) -> int:
        """How many frames wait to be read."""
        return self._frames.qsize()

    def send(self, frame: Frame | None) -> None:
        """Hand over a frame from any thread; None ends the watch."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._put, frame)

    async def frames(self) -> AsyncIterator[Frame]:
        """Yield all frames until the watch ends, or until this watcher was too slow."""
        while (frame := await self._frames.get()) is not None:
            yield frame

    def _put(self, frame: Frame | None) -> None:
        if self.is_dropped:
            return
        if self._frames.qsize() >= self._most_waiting:
            self.is_dropped = True
            while not self._frames.empty():
                self._frames.get_nowait()
            frame = None
        self._frames.put_nowait(frame)


class Hub:
    """The watchers of one session."""

    def __init__(self, *, most_waiting: int = MOST_WAITING) -> None:
        self._lock = threading.Lock()
        self._watchers: set[Watcher] = set()
        self._most_waiting = most_waiting

    @property
    def is_watched(self) -> bool:
        """Whether anybody watches."""
        return bool(self._watchers)

    def watch(self) -> Watcher:
        """Return a new watcher for the running event loop; end it with `leave`."""
        watcher = Watcher(asyncio.get_running_loop(), most_waiting=self._most_waiting)
        with self._lock:
            self._watchers.add(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """Forget a watcher."""
        with self._lock:
            self._watchers.discard(watcher)

    def publish(self, frame: Frame) -> None:
        """Tell everybody, from any thread; those who were dropped are told no more."""
        with self._lock:
            self._watchers = {watcher for watcher in self._watchers if not watcher.is_dropped}
            for watcher in self._watchers:
                watcher.send(frame)

    def close(self) -> None:
        """End all watches."""
        with self._lock:
            for watcher in self._watchers:
                watcher.send(None)
            self._watchers = set()
