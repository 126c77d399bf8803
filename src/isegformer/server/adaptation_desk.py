"""Adapting the click network to what was accepted on this server: one run at a time, and its result.

The result lies in a folder of the state root: the weights under their hash, and `adapted.json`, which says
what they are and whether they are in use. A run always starts from the weights that the server was started
with, so that cases which were learned from before never tell how good the next weights are.
"""

import logging
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from uuid import uuid4

from pydantic import ValidationError

from isegformer.atomic import replace_atomically
from isegformer.errors import BusyError, DependencyError, IsegformerError, NotFoundError, SessionError
from isegformer.server import schemas
from isegformer.server.adaptation_cases import scans_with_accepted_slices
from isegformer.server.adaptation_process import Adapter, Report
from isegformer.server.adaptation_run import AdaptationRun
from isegformer.server.data_root import Scan
from isegformer.server.networks_in_use import NetworksInUse
from isegformer.server.scan_store import ScanStore
from isegformer.server.session_store import SessionStore

logger = logging.getLogger(__name__)

RESULT_NAME = "adapted.json"
_RUN_PREFIX = "run-"
_NOT_HERE = "this server was started without the means to adapt its network"


class AdaptationDesk:
    """Starts and ends adaptations, and exchanges the click weights.

    Parameters
    ----------
    folder : for results, made if need be
    adapter : None where nothing can be adapted
    """

    def __init__(
        self,
        folder: Path,
        *,
        adapter: Adapter | None,
        networks: NetworksInUse,
        scans: ScanStore,
        sessions: SessionStore,
    ) -> None:
        self._folder = folder
        self._adapter = adapter
        self._networks = networks
        self._scans = scans
        self._sessions = sessions
        self._lock = threading.RLock()
        self._run: AdaptationRun | None = None
        self._last: schemas.AdaptationEnd | None = None
        for left_over in folder.glob(f"{_RUN_PREFIX}*"):  # of a server that was killed
            shutil.rmtree(left_over, ignore_errors=True)
        self._result = self._stored()
        if self._result is not None and self._result.is_in_use:
            self._take_up(self._result)

    def document(self) -> schemas.Adaptation:
        """Return how things stand."""
        with self._lock:
            return schemas.Adaptation(
                obstacle=self._obstacle(),
                cases=len(self._cases()),
                click_weights=self._networks.current.click_weights,
                run=None if self._run is None else self._run.document(),
                last=self._last,
                result=self._result,
            )

    def start(self, *, minutes: float, user: str) -> schemas.AdaptationRun:
        """Begin to adapt.

        Raises
        ------
        DependencyError : it is not possible on this server
        BusyError : somebody adapts already
        SessionError : no slice is accepted anywhere
        """
        with self._lock:
            if self._adapter is None or self._adapter.obstacle is not None:
                raise DependencyError(self._obstacle() or _NOT_HERE)
            if self._run is not None:
                raise BusyError("the network is being adapted already; wait for its end, or cancel it")
            cases = self._cases()
            if not cases:
                raise SessionError("no slice is accepted in any session; accept some slices, then adapt")
            run = AdaptationRun(
                self._folder / f"{_RUN_PREFIX}{uuid4().hex}",
                cases,
                adapter=self._adapter,
                sessions=self._sessions,
                device=self._networks.started_with.device,
                minutes=minutes,
                user=user,
                keep=self._keep,
                on_end=self._ended,
            )
            self._run, self._last = run, None
            run.start()
            return run.document()

    def cancel(self) -> None:
        """End the run under way without a result; NotFoundError if there is none."""
        run = self._run
        if run is None:
            raise NotFoundError("no adaptation is under way; it may have ended just now")
        run.cancel()

    def use(self, is_in_use: bool) -> schemas.Adaptation:
        """Work with the adapted weights, or with those that the server was started with.

        Raises
        ------
        NotFoundError : there are no adapted weights
        CheckpointError, WeightsNotFoundError : they cannot be read any more
        WriteError : the choice could not be kept; it is as before
        """
        with self._lock:
            if self._result is None or self._adapter is None:
                raise NotFoundError("there are no adapted weights; adapt the network first")
            chosen = self._result.model_copy(update={"is_in_use": is_in_use})
            networks = (
                self._adapter.load(self._weights_file(chosen)) if is_in_use else self._networks.started_with
            )
            self._store(chosen)
            self._networks.exchange(networks)
            return self.document()

    def close(self) -> None:
        """End the run under way, and wait for that."""
        run = self._run
        if run is not None:
            run.cancel()
            run.join()

    def _ended(self, report: Report | None, error: BaseException | None) -> None:
        state: Literal["better", "no better", "cancelled"] = "cancelled"
        if report is not None:
            state = "better" if report.improved else "no better"
        with self._lock:
            self._run = None
            self._last = schemas.AdaptationEnd(
                state=state if error is None else "failed",
                detail=None if error is None else _reason(error),
                before=None if report is None else report.before,
                after=None if report is None else report.after,
            )

    def _keep(self, run: AdaptationRun, weights: Path, report: Report) -> None:
        """Put the weights of a run in the place of earlier ones; where those were in use, these are."""
        assert self._adapter is not None
        with self._lock:
            before = self._result
            networks = self._adapter.load(weights)
            result = schemas.AdaptedWeights(
                measure=report.measure,
                before=report.before,
                after=report.after,
                cases=[scan.name for scan in run.scans],
                user=run.user,
                made_utc=datetime.now(UTC),
                start_from=self._networks.started_with.fingerprint.click,
                sha256=networks.fingerprint.click,
                is_in_use=before is not None and before.is_in_use,
            )
            with replace_atomically(self._weights_file(result)) as draft:
                shutil.copyfile(weights, draft)
            self._store(result)
            if result.is_in_use:
                self._networks.exchange(networks)
            if before is not None and before.sha256 != result.sha256:
                self._weights_file(before).unlink(missing_ok=True)

    def _obstacle(self) -> str | None:
        return _NOT_HERE if self._adapter is None else self._adapter.obstacle

    def _cases(self) -> list[Scan]:
        return scans_with_accepted_slices(self._scans.data_root.scans(), self._sessions)

    def _weights_file(self, result: schemas.AdaptedWeights) -> Path:
        return self._folder / f"{result.sha256}.safetensors"

    def _store(self, result: schemas.AdaptedWeights) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with replace_atomically(self._folder / RESULT_NAME) as draft:
            draft.write_text(result.model_dump_json(), encoding="utf-8")
        self._result = result

    def _stored(self) -> schemas.AdaptedWeights | None:
        """Return the result of an earlier run from the same weights; None where there is none."""
        try:
            result = schemas.AdaptedWeights.model_validate_json((self._folder / RESULT_NAME).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            logger.warning("the adapted weights in %s are not used: %s", self._folder, error)
            return None
        fits = result.start_from == self._networks.started_with.fingerprint.click
        return result if fits and self._adapter is not None else None

    def _take_up(self, result: schemas.AdaptedWeights) -> None:
        """Go on with the adapted weights that were in use; where they are gone, with the others."""
        assert self._adapter is not None
        try:
            self._networks.exchange(self._adapter.load(self._weights_file(result)))
        except IsegformerError as error:
            logger.warning("the adapted weights cannot be used: %s", error)
            self._result = None


def _reason(error: BaseException) -> str:
    """Return why a run failed, for a person."""
    if isinstance(error, IsegformerError | OSError):
        return str(error)
    logger.error("an adaptation failed", exc_info=error)
    return "an unexpected error; the server's log says more"
