"""A propagation under way: a thread of its own that lets clicks of other sessions in between its slices."""

import threading
from collections.abc import Callable
from typing import Literal
from uuid import uuid4

from isegformer.server import schemas
from isegformer.server.device_turns import DeviceTurns
from isegformer.session import Outcome, Propagate, Session
from isegformer.types import Labels, SliceCallback


class PropagationJob:
    """Carries out one `Propagate`; begun by `start`, ended by `on_end`, which is called whatever happens.

    Parameters
    ----------
    on_progress : called with the job after each slice
    on_slice : given each slice as it will be drawn
    on_end : given the outcome, or the error that ended it
    """

    def __init__(
        self,
        session: Session,
        command: Propagate,
        *,
        user: str,
        turns: DeviceTurns,
        on_progress: Callable[["PropagationJob"], None],
        on_slice: SliceCallback,
        on_end: Callable[["PropagationJob", Outcome | None, BaseException | None], None],
    ) -> None:
        self.id = uuid4().hex[:16]
        self.axis = command.axis
        self._session = session
        self._command = command
        self._user = user
        self._turns = turns
        self._on_progress = on_progress
        self._on_slice = on_slice
        self._on_end = on_end
        self._done, self._total = 0, 0
        self._is_started = False
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"propagation-{self.id}")

    @property
    def is_cancelled(self) -> bool:
        """Whether the job was asked to end."""
        return self._cancelled.is_set()

    def document(self) -> schemas.Job:
        """Return how far the job is."""
        state: Literal["waiting", "running", "cancelling"] = "running" if self._is_started else "waiting"
        return schemas.Job(
            id=self.id,
            kind="propagation",
            axis=self.axis,
            done=self._done,
            total=self._total,
            state="cancelling" if self._cancelled.is_set() else state,
        )

    def start(self) -> None:
        """Begin; returns at once."""
        try:
            self._thread.start()
        except RuntimeError as error:  # no thread to be had; whoever waits must hear of it
            self._on_end(self, None, error)

    def cancel(self) -> None:
        """Ask for the end before the next slice."""
        self._cancelled.set()

    def _run(self) -> None:
        outcome, failure = None, None
        try:
            with self._turns:
                self._is_started = True
                outcome = self._session.apply(
                    self._command,
                    user=self._user,
                    on_progress=self._report,
                    is_cancelled=self._cancelled.is_set,
                    on_slice=self._tell,
                )
        except BaseException as error:  # noqa: BLE001  # handed to those who wait for the end
            failure = error
        self._on_end(self, outcome, failure)

    def _tell(self, index: int, labels: Labels) -> None:
        if not self._cancelled.is_set():
            self._on_slice(index, labels)

    def _report(self, done: int, total: int) -> None:
        self._done, self._total = done, total
        self._on_progress(self)
        self._turns.pass_on()
