"""A long command in a thread of its own, with progress to ask for and a way to stop it."""

import threading

from isegformer.session.commands import Command
from isegformer.session.outcome import Outcome
from isegformer.session.session import Session


class Job:
    """One command at work on a session. Starts at once; a cancelled job leaves no trace in the session."""

    def __init__(self, session: Session, command: Command, *, user: str | None = None) -> None:
        self._session = session
        self._command = command
        self._user = user
        self._progress = (0, 0)
        self._cancelled = threading.Event()
        self._outcome: Outcome | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"job-{type(command).__name__}")
        self._thread.start()

    @property
    def progress(self) -> tuple[int, int]:
        """Units of work (done, total); (0, 0) until the first report."""
        return self._progress

    @property
    def is_done(self) -> bool:
        """Whether the command has ended, in whatever way."""
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """Ask the command to stop at the next unit of work; one that has ended already stays."""
        self._cancelled.set()

    def wait(self, timeout_s: float | None = None) -> Outcome:
        """Wait for the end; return the outcome, or raise what the command raised, or TimeoutError."""
        self._thread.join(timeout_s)
        if self._error is not None:
            raise self._error
        if self._outcome is None:
            raise TimeoutError(f"the command is still at work after {timeout_s} s; wait on, or cancel it")
        return self._outcome

    def _run(self) -> None:
        try:
            self._outcome = self._session.apply(
                self._command,
                user=self._user,
                on_progress=self._report,
                is_cancelled=self._cancelled.is_set,
            )
        except BaseException as error:  # noqa: BLE001  # raised again in the thread that waits
            self._error = error

    def _report(self, done: int, total: int) -> None:
        self._progress = (done, total)
