"""One session for each scan, opened when it is asked for and closed by least use under the memory budget."""

import logging
import re
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from isegformer.errors import NotFoundError, SessionOpenElsewhereError, WeightsMismatchError
from isegformer.server import schemas
from isegformer.server.advice_memory import AdviceMemory
from isegformer.server.data_root import FileState, Scan, file_state
from isegformer.server.events import Hub
from isegformer.server.leases import LeaseStore, Opened, session_key
from isegformer.server.live_session import LiveSession, Workshop
from isegformer.server.networks import AdvisingPropagation, Networks
from isegformer.server.networks_in_use import NetworksInUse
from isegformer.server.outlines import read_outline, write_outline
from isegformer.server.scan_store import ScanStore
from isegformer.session import JOURNAL_NAME, Session, adopt_weights
from isegformer.volume import Volume

logger = logging.getLogger(__name__)

_BYTES_PER_VOXEL = 2


class SessionStore:
    """Live sessions by id, which is the id of their scan."""

    def __init__(
        self,
        folder: Path,
        scans: ScanStore,
        leases: LeaseStore,
        *,
        networks: NetworksInUse,
        workshop: Workshop,
        lock_patience_s: float,
    ) -> None:
        self._folder = folder
        self._scans = scans
        self._leases = leases
        self._networks = networks
        self._workshop = workshop
        self._lock_patience_s = lock_patience_s
        self._lock = threading.Lock()
        self._hubs: dict[str, Hub] = {}
        self._live: dict[str, tuple[LiveSession, FileState | None]] = {}

    def folder(self, session_id: str) -> Path:
        """Return the folder of a session, whether it is there or not; the id must be that of a scan."""
        return self._folder / session_id

    def outline(self, scan: Scan) -> schemas.SessionOutline | None:
        """Return what a list shows of the session of a scan; None if it has none."""
        return read_outline(self.folder(scan.id))

    def hub(self, session_id: str) -> Hub:
        """Return those who watch a session, which may close and open meanwhile; NotFoundError without one."""
        self._check_there(session_id)
        return self._hub(session_id)

    def _hub(self, session_id: str) -> Hub:
        with self._lock:
            return self._hubs.setdefault(session_id, Hub())

    def lease(self, session_id: str) -> AbstractContextManager[LiveSession]:
        """Give a session for a block; NotFoundError if there is none."""
        self._let_go_if_changed(session_id)
        return self._leases.lease(session_key(session_id), lambda: self._reopened(session_id))

    def take(self, session_id: str) -> LiveSession:
        """Return a session, kept open until `give_back`; NotFoundError if there is none."""
        self._let_go_if_changed(session_id)
        live: LiveSession = self._leases.take(session_key(session_id), lambda: self._reopened(session_id))
        return live

    def give_back(self, live: LiveSession) -> None:
        """End what `take` began."""
        self._leases.give_back(session_key(live.scan.id))

    def begin(self, scan_id: str) -> tuple[schemas.Session, bool]:
        """Return the session of a scan, made if there is none, and whether it was made."""
        scan = self._scans.data_root.scan(scan_id)
        is_new = self.outline(scan) is None
        self._let_go_if_changed(scan.id)
        with self._leases.lease(session_key(scan.id), lambda: self._opened(scan)) as live:
            document: schemas.Session = live.document()
            return document, is_new

    def cancel_all(self) -> None:
        """Ask all propagations to end, as the server does."""
        with self._lock:
            sessions = list(self._live.values())
        for live, _ in sessions:
            live.end_propagation()

    def close_hubs(self) -> None:
        """End all watches."""
        with self._lock:
            for hub in self._hubs.values():
                hub.close()

    def _reopened(self, session_id: str) -> Opened:
        self._check_there(session_id)
        return self._opened(self._scans.data_root.scan(session_id))

    def _check_there(self, session_id: str) -> None:
        """Raise NotFoundError unless there is a session; ids come from strangers, and name folders here."""
        is_id = re.fullmatch(r"[0-9a-f]{16}", session_id) is not None
        if not (is_id and (self.folder(session_id) / JOURNAL_NAME).is_file()):
            raise NotFoundError(f"there is no session {session_id[:32]!r}; create it first")

    def _let_go_if_changed(self, session_id: str) -> None:
        """Close a session whose scan has another file than when it was opened, once nobody uses it.

        It is opened again with what lies there now, which refuses another volume in words.
        """
        with self._lock:
            live, state = self._live.get(session_id, (None, None))
        if live is not None and file_state(live.scan.path) != state:
            logger.warning("the file of %s has changed while its session was open", live.scan.name)
            self._leases.retire(lambda key: key == session_key(session_id))

    def _opened(self, scan: Scan) -> Opened:
        state = file_state(scan.path)  # before it is read: what changes meanwhile is noticed the next time
        volume = self._scans.take(scan)
        try:
            live = self._live_session(scan, volume)
        except BaseException:
            self._scans.give_back(scan)
            raise
        with self._lock:
            self._live[scan.id] = live, state

        def close() -> None:
            with self._lock:
                self._live.pop(scan.id, None)
            try:
                live.session.close()
            finally:
                self._scans.give_back(scan)

        return Opened(value=live, size_bytes=_BYTES_PER_VOXEL * _voxels(volume), close=close)

    def _live_session(self, scan: Scan, volume: Volume) -> LiveSession:
        networks = self._networks.current
        folder, propagation = self.folder(scan.id), networks.new_propagation()
        session = self._patiently(lambda: _session(folder, volume, propagation, networks=networks))
        self._keep_outline(folder, session)
        return LiveSession(
            session,
            scan,
            propagation=propagation,
            hub=self._hub(scan.id),
            workshop=self._workshop,
            memory=AdviceMemory(folder, method=networks.method),
            on_applied=lambda live: self._keep_outline(folder, live.session),
        )

    def _patiently(self, open_session: Callable[[], Session]) -> Session:
        """Wait a while for a folder that another process is about to let go of."""
        deadline_s = time.monotonic() + self._lock_patience_s
        while True:
            try:
                return open_session()
            except SessionOpenElsewhereError:
                if time.monotonic() >= deadline_s:
                    raise
                time.sleep(0.1)

    def _keep_outline(self, folder: Path, session: Session) -> None:
        try:
            write_outline(folder, session.view())
        except OSError as error:  # the command is in the journal; a list may show old numbers
            logger.warning("the outline in %s could not be written: %s", folder, error)


def _voxels(volume: Volume) -> int:
    i, j, k = volume.geometry.shape
    return i * j * k


def _session(
    folder: Path, volume: Volume, propagation: AdvisingPropagation, *, networks: Networks
) -> Session:
    """Open the session in a folder, or make it; other weights are adopted."""
    propagations = {networks.method: propagation}
    segmenter, weights = networks.new_segmenter(), networks.fingerprint
    if not (folder / JOURNAL_NAME).is_file():
        return Session.create(
            folder,
            volume,
            segmenter=segmenter,
            propagations=propagations,
            weights=weights,
            runtime=networks.runtime,
        )
    try:
        return Session.open(folder, volume, segmenter=segmenter, propagations=propagations, weights=weights)
    except WeightsMismatchError:
        logger.info("the session in %s goes on with the weights of this server", folder)
        adopt_weights(folder, weights=weights)
    return Session.open(folder, volume, segmenter=segmenter, propagations=propagations, weights=weights)
