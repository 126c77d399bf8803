"""The parts of a running server, put together once, and how handlers get at them."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from isegformer.server import schemas
from isegformer.server.adaptation_desk import AdaptationDesk
from isegformer.server.adaptation_process import Adapter
from isegformer.server.device_turns import DeviceTurns
from isegformer.server.leases import LeaseStore
from isegformer.server.live_session import LiveSession, Workshop
from isegformer.server.monai_label.temporary_volumes import TemporaryVolumes
from isegformer.server.network_worker import NetworkWorker
from isegformer.server.networks import Networks
from isegformer.server.networks_in_use import NetworksInUse
from isegformer.server.sample_scan import Sample, SampleShelf
from isegformer.server.scan_store import ScanStore
from isegformer.server.session_store import SessionStore
from isegformer.server.settings import ServerSettings
from isegformer.server.uploads import Uploads


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything that handlers call."""

    settings: ServerSettings
    networks_in_use: NetworksInUse
    adaptation: AdaptationDesk
    scans: ScanStore
    sessions: SessionStore
    uploads: Uploads
    samples: SampleShelf
    leases: LeaseStore
    worker: NetworkWorker
    turns: DeviceTurns
    temporary: TemporaryVolumes

    @property
    def networks(self) -> Networks:
        """The networks that are worked with now."""
        return self.networks_in_use.current

    def queue(
        self, session_id: str, submit: Callable[[LiveSession], Future[schemas.Applied]]
    ) -> Future[schemas.Applied]:
        """Submit work to a session, which stays open until the work is done; opens it if need be."""
        live = self.sessions.take(session_id)
        try:
            future = submit(live)
        except BaseException:
            self.sessions.give_back(live)
            raise
        future.add_done_callback(lambda _: self.sessions.give_back(live))
        return future

    def propagate(self, session_id: str, axis: int, *, user: str) -> schemas.Job:
        """Start a propagation; the session stays open until it ends."""
        live = self.sessions.take(session_id)
        try:
            return live.start_propagation(axis, user=user, on_end=lambda: self.sessions.give_back(live))
        except BaseException:
            self.sessions.give_back(live)
            raise

    def close(self) -> None:
        """End propagations and adapting, finish the commands that are queued, close every session."""
        self.adaptation.close()
        self.sessions.cancel_all()
        self.worker.close()
        self.sessions.cancel_all()  # one that was still queued has begun meanwhile
        self.leases.shut()
        self.temporary.close()
        self.sessions.close_hubs()


def build_services(
    settings: ServerSettings, networks: Networks, *, sample: Sample | None, adapter: Adapter | None
) -> Services:
    """Return the parts of a server; a thread for the network starts."""
    leases, turns, worker = LeaseStore(settings.memory_budget_bytes), DeviceTurns(), NetworkWorker()
    state_root, limits = settings.state_root, settings.limits
    (state_root / "sessions").mkdir(parents=True, exist_ok=True)
    in_use = NetworksInUse(networks, leases)
    scans = ScanStore(
        settings.data_root,
        leases,
        spacings=state_root / "spacings",
        cache=state_root / "cache",
        limits=limits,
    )
    sessions = SessionStore(
        state_root / "sessions",
        scans,
        leases,
        networks=in_use,
        workshop=Workshop(
            worker=worker, turns=turns, method=networks.method, target_dice=settings.target_dice
        ),
        lock_patience_s=settings.lock_patience_s,
    )
    return Services(
        settings=settings,
        networks_in_use=in_use,
        adaptation=AdaptationDesk(
            state_root / "adapted", adapter=adapter, networks=in_use, scans=scans, sessions=sessions
        ),
        scans=scans,
        sessions=sessions,
        uploads=Uploads(scans.data_root, limits=limits),
        samples=SampleShelf(scans.data_root, sample),
        leases=leases,
        worker=worker,
        turns=turns,
        temporary=TemporaryVolumes(state_root / "temporary", leases, limits=limits),
    )


def _services(connection: HTTPConnection) -> Services:
    services: Services = connection.app.state.services
    return services


def _user(connection: HTTPConnection) -> str:
    user: str = connection.scope["isegformer.user"]
    return user


CurrentServices = Annotated[Services, Depends(_services)]
CurrentUser = Annotated[str, Depends(_user)]
"""Name of the person whose token came with the request."""
