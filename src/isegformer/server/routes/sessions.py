"""Sessions: made, looked at, their labels and their history."""

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Query, Response

from isegformer.server import schemas
from isegformer.server.live_session import LiveSession
from isegformer.server.problems import responses
from isegformer.server.services import CurrentServices, Services
from isegformer.server.threads import in_thread

router = APIRouter(prefix="/sessions", tags=["sessions"])

SessionId = Annotated[str, Path(max_length=64, description="Id of a session, that of its scan.")]
T = TypeVar("T")


@router.post(
    "",
    responses={
        201: {"model": schemas.Session, "description": "A new session."},
        **responses(404, 409, 503, 507),
    },
)
async def begin_session(
    new: schemas.NewSession, services: CurrentServices, response: Response
) -> schemas.Session:
    """Return the session of a scan; 201 if it was made by this."""
    document, is_new = await in_thread(lambda: services.sessions.begin(new.scan))
    response.status_code = 201 if is_new else 200
    return document


@router.get("/{session}", responses=responses(404, 409, 503))
async def show_session(session: SessionId, services: CurrentServices) -> schemas.Session:
    """Return a session as it is now."""
    return await _look(services, session, lambda live: live.document())


@router.get("/{session}/history", responses=responses(404, 409, 503))
async def show_history(session: SessionId, services: CurrentServices) -> schemas.History:
    """Return everything that happened, undone commands too, oldest first."""
    return await _look(services, session, lambda live: live.history())


@router.get("/{session}/advice", responses=responses(404, 409, 503))
async def advise(
    session: SessionId, services: CurrentServices, axis: Annotated[int, Query(ge=0, le=2)]
) -> schemas.Advice:
    """Return which slices across an axis to annotate next."""
    return await _look(services, session, lambda live: live.advise(axis))


@router.get(
    "/{session}/labels",
    response_class=Response,
    responses={
        200: {
            "content": {"application/octet-stream": {}},
            "description": "A label block of the whole volume, see docs/server.md.",
        },
        **responses(404, 409, 503),
    },
)
async def label_block(session: SessionId, services: CurrentServices) -> Response:
    """Return the whole label map."""
    seq, block = await _look(services, session, lambda live: live.labels())
    return Response(block, media_type="application/octet-stream", headers={"X-Seq": str(seq)})


async def _look(services: Services, session_id: str, look: Callable[[LiveSession], T]) -> T:
    def leased() -> T:
        with services.sessions.lease(session_id) as live:
            return look(live)

    return await in_thread(leased)
