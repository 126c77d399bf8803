"""The process that adapts the click network: started, listened to, ended."""

import json
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isegformer.errors import SessionError
from isegformer.server.networks import Networks

REQUEST = "request.json"
WEIGHTS = "adapted.safetensors"
_LOG = "log.txt"
_LOG_CHARACTERS = 300


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """How a server adapts its click network. Whoever starts the server knows; tests have stand-ins."""

    command: Callable[[Path], Sequence[str]]
    """Command of the process that works on a folder, see `isegformer.adaptation.worker`."""
    load: Callable[[Path], Networks]
    """Returns the server's networks with the click weights of a file."""
    start_from: str
    """Name or path of the weights that are adapted."""
    obstacle: str | None = None
    """Why adapting is not possible here, and what to do; None: it is."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What came of it."""

    measure: str
    before: float
    after: float
    improved: bool


class AdaptationProcess:
    """One run of the command of an adapter; may be ended from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._is_ended = False

    @property
    def is_ended(self) -> bool:
        """Whether `end` was called."""
        return self._is_ended

    def end(self) -> None:
        """End the process, also one that is yet to be started."""
        with self._lock:
            self._is_ended = True
            if self._process is not None:
                self._process.kill()  # it has nothing to tidy up: its folder goes as a whole

    def run(
        self, command: Sequence[str], folder: Path, *, on_progress: Callable[[Mapping[str, Any]], None]
    ) -> Report | None:
        """Run to the end; None if it was ended from elsewhere.

        Raises
        ------
        SessionError : it could not be done; the message says why
        """
        with (folder / _LOG).open("w", encoding="utf-8") as log:
            process = self._started(command, log)
            if process is None:
                return None
            with process:
                last = _listen(process, on_progress)
        if self._is_ended:
            return None
        if last.get("type") == "report":
            return Report(**{name: last[name] for name in ("measure", "before", "after", "improved")})
        raise SessionError(str(last.get("detail") or _what_the_log_says(folder)))

    def _started(self, command: Sequence[str], log: Any) -> "subprocess.Popen[str] | None":
        with self._lock:
            if self._is_ended:
                return None
            try:
                self._process = subprocess.Popen(  # noqa: S603  # the command is ours
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
                )
            except OSError as error:
                raise SessionError(f"the process that adapts could not be started: {error}") from error
            return self._process


def _listen(
    process: "subprocess.Popen[str]", on_progress: Callable[[Mapping[str, Any]], None]
) -> Mapping[str, Any]:
    """Pass on progress; return the last thing that was said."""
    last: Mapping[str, Any] = {}
    assert process.stdout is not None
    for line in process.stdout:
        try:
            said = json.loads(line)
        except ValueError:
            continue  # a library that writes where it should not
        if isinstance(said, dict):
            last = said
            if said.get("type") == "progress":
                on_progress(said)
    return last


def _what_the_log_says(folder: Path) -> str:
    text = (folder / _LOG).read_text(encoding="utf-8", errors="replace").strip()
    return f"the process that adapts ended without a result: {text[-_LOG_CHARACTERS:] or 'it said nothing'}"
