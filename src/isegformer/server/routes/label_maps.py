"""Taking over a mask that was made elsewhere."""

from typing import Annotated

from fastapi import APIRouter, File, UploadFile

from isegformer.server import schemas
from isegformer.server.problems import responses
from isegformer.server.routes.sessions import SessionId
from isegformer.server.sent_masks import take_mask
from isegformer.server.services import CurrentServices, CurrentUser
from isegformer.server.threads import finished, in_thread
from isegformer.session import ImportLabelMap

router = APIRouter(prefix="/sessions/{session}/label-map", tags=["commands"])

UPLOADS = frozenset({"/api/sessions/*/label-map"})


@router.post("", responses=responses(404, 409, 413, 503, 507))
async def import_mask(
    session: SessionId,
    file: Annotated[UploadFile, File(description="A mask on the grid of the scan.")],
    services: CurrentServices,
    user: CurrentUser,
) -> schemas.Applied:
    """Take a mask over into the session, as one step that can be undone: each label in it is an object."""

    def read() -> ImportLabelMap:
        most_bytes = services.settings.limits.upload_bytes
        with services.sessions.lease(session) as live:
            volume = live.session.volume
            return ImportLabelMap.from_label_map(
                take_mask(file.filename or "", file.file, volume=volume, most_bytes=most_bytes)
            )

    command = await in_thread(read)
    queued = await in_thread(lambda: services.queue(session, lambda live: live.submit(command, user=user)))
    return await finished(queued)
