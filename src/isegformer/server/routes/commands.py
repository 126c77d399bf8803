"""Everything that changes a session, but for propagation. Each answer comes when the change is on disk."""

import base64
import binascii
from collections.abc import Callable
from concurrent.futures import Future

from fastapi import APIRouter

from isegformer.clicks import Click
from isegformer.errors import RequestError
from isegformer.server import schemas
from isegformer.server.command_documents import CommandDocument, command_of
from isegformer.server.live_session import LiveSession
from isegformer.server.problems import responses
from isegformer.server.routes.sessions import SessionId
from isegformer.server.services import CurrentServices, CurrentUser, Services
from isegformer.server.threads import finished, in_thread
from isegformer.slicing import Plane, Roi

router = APIRouter(prefix="/sessions/{session}", tags=["commands"])
PROBLEMS = responses(404, 409, 413, 503, 507)


@router.post("/clicks", responses=PROBLEMS)
async def add_clicks(
    session: SessionId, new: schemas.NewClicks, services: CurrentServices, user: CurrentUser
) -> schemas.Applied:
    """Click on a slice; clicks that arrive while others are computed share one prediction."""
    clicks = tuple(Click(row=c.row, col=c.col, is_positive=c.is_positive) for c in new.clicks)
    plane = Plane(axis=new.axis, index=new.index)
    return await _queued(
        services,
        session,
        lambda live: live.submit_clicks(clicks, label=new.label, plane=plane, user=user),
    )


@router.post("/boxes", responses=PROBLEMS)
async def draw_box(
    session: SessionId, new: schemas.NewBox, services: CurrentServices, user: CurrentUser
) -> schemas.Applied:
    """Draw a box around an object: a click in it and some just outside."""
    plane = Plane(axis=new.axis, index=new.index)
    box = Roi(new.row_start, new.row_stop, new.col_start, new.col_stop)
    return await _queued(
        services, session, lambda live: live.submit_box(box, label=new.label, plane=plane, user=user)
    )


@router.post("/paint", responses=PROBLEMS)
async def paint(
    session: SessionId, new: schemas.NewPaint, services: CurrentServices, user: CurrentUser
) -> schemas.Applied:
    """Replace what an object has on a slice."""
    bits, plane = _bytes(new.runs), Plane(axis=new.axis, index=new.index)
    return await _queued(
        services, session, lambda live: live.submit_paint(bits, label=new.label, plane=plane, user=user)
    )


@router.post("/commands", responses=PROBLEMS)
async def apply_command(
    session: SessionId, document: CommandDocument, services: CurrentServices, user: CurrentUser
) -> schemas.Applied:
    """Apply one of the other commands."""
    command = command_of(document)
    return await _queued(services, session, lambda live: live.submit(command, user=user))


async def _queued(
    services: Services, session_id: str, submit: Callable[[LiveSession], Future[schemas.Applied]]
) -> schemas.Applied:
    future = await in_thread(lambda: services.queue(session_id, submit))
    return await finished(future)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError(f"the painted mask is no base64 text: {error}") from error
