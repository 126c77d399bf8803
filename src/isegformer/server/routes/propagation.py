"""Propagation: begun and cancelled here, told of over the event socket."""

from fastapi import APIRouter

from isegformer.server import schemas
from isegformer.server.problems import responses
from isegformer.server.routes.sessions import SessionId
from isegformer.server.services import CurrentServices, CurrentUser
from isegformer.server.threads import in_thread

router = APIRouter(prefix="/sessions/{session}/propagation", tags=["propagation"])


@router.post("", status_code=202, responses=responses(404, 409, 503))
async def start(
    session: SessionId, new: schemas.NewPropagation, services: CurrentServices, user: CurrentUser
) -> schemas.Job:
    """Begin to carry the accepted slices across an axis to the whole volume."""
    return await in_thread(lambda: services.propagate(session, new.axis, user=user))


@router.delete("", status_code=204, responses=responses(404, 409, 503))
async def cancel(session: SessionId, services: CurrentServices) -> None:
    """Ask the propagation under way to end before its next slice; it leaves no trace."""

    def cancel() -> None:
        with services.sessions.lease(session) as live:
            live.cancel_propagation()

    await in_thread(cancel)
