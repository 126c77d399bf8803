"""One adaptation under way: a thread that writes the cases, then listens to the process that learns."""

import json
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from isegformer.errors import SessionError
from isegformer.server import schemas
from isegformer.server.adaptation_cases import write_case
from isegformer.server.adaptation_process import REQUEST, WEIGHTS, AdaptationProcess, Adapter, Report
from isegformer.server.data_root import Scan
from isegformer.server.session_store import SessionStore


class AdaptationRun:
    """Begun by `start`, ended by `on_end`, which is called whatever happens; its folder is gone by then.

    Parameters
    ----------
    keep : given the file of better weights and the report
    on_end : given the report (None: cancelled), or the error that ended it
    """

    def __init__(
        self,
        folder: Path,
        scans: Sequence[Scan],
        *,
        adapter: Adapter,
        sessions: SessionStore,
        device: str,
        minutes: float,
        user: str,
        keep: Callable[["AdaptationRun", Path, Report], None],
        on_end: Callable[[Report | None, BaseException | None], None],
    ) -> None:
        self.scans = tuple(scans)
        self.user = user
        self._folder = folder
        self._adapter = adapter
        self._sessions = sessions
        self._device = device
        self._minutes = minutes
        self._keep = keep
        self._on_end = on_end
        self._process = AdaptationProcess()
        self._progress: Mapping[str, Any] | None = None
        self._before: float | None = None
        self._is_learning = False
        self._started_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="adaptation")

    def document(self) -> schemas.AdaptationRun:
        """Return how far the run is."""
        progress = self._progress or {}
        state: Literal["preparing", "learning"] = "learning" if self._is_learning else "preparing"
        return schemas.AdaptationRun(
            state="cancelling" if self._process.is_ended else state,
            user=self.user,
            cases=len(self.scans),
            minutes=self._minutes,
            seconds=time.monotonic() - self._started_s,
            seconds_left=progress.get("seconds_left"),
            before=self._before,
            best=progress.get("best"),
        )

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def cancel(self) -> None:
        """End the run without a result."""
        self._process.end()

    def join(self) -> None:
        """Wait for the end."""
        self._thread.join()

    def _run(self) -> None:
        report, failure = None, None
        try:
            self._folder.mkdir(parents=True)
            self._write_request()
            self._is_learning = True
            command = self._adapter.command(self._folder)
            report = self._process.run(command, self._folder, on_progress=self._take)
            if report is not None and report.improved:
                self._keep(self, self._folder / WEIGHTS, report)
        except BaseException as error:  # noqa: BLE001  # handed to those who wait for the end
            failure = error
        shutil.rmtree(self._folder, ignore_errors=True)
        self._on_end(report, failure)

    def _write_request(self) -> None:
        cases = []
        for scan in self.scans:
            if self._process.is_ended:
                return
            case = write_case(scan, self._folder, sessions=self._sessions)
            cases += [] if case is None else [case]
        if not cases:
            raise SessionError("no slice is accepted in any session any more; accept some, then adapt")
        request = {
            "cases": cases,
            "start_from": self._adapter.start_from,
            "device": self._device,
            "minutes": self._minutes,
        }
        (self._folder / REQUEST).write_text(json.dumps(request), encoding="utf-8")

    def _take(self, progress: Mapping[str, Any]) -> None:
        if self._before is None:
            self._before = progress.get("measured")  # the first measurement is that of the present weights
        self._progress = progress
