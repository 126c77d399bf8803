"""Adapting the click network to the accepted slices of this server's sessions."""

from fastapi import APIRouter

from isegformer.server import schemas
from isegformer.server.problems import responses
from isegformer.server.services import CurrentServices, CurrentUser
from isegformer.server.threads import in_thread

router = APIRouter(prefix="/adaptation", tags=["adaptation"])


@router.get("", responses=responses())
async def show_adaptation(services: CurrentServices) -> schemas.Adaptation:
    """Return what could be adapted, the run under way, and the adapted weights."""
    return await in_thread(services.adaptation.document)


@router.post("", status_code=202, responses=responses(409))
async def start_adaptation(
    new: schemas.NewAdaptation, services: CurrentServices, user: CurrentUser
) -> schemas.AdaptationRun:
    """Begin to adapt the click network, in a process of its own; one at a time."""
    return await in_thread(lambda: services.adaptation.start(minutes=new.minutes, user=user))


@router.delete("", status_code=204, responses=responses(404))
async def cancel_adaptation(services: CurrentServices) -> None:
    """End the run under way; it leaves nothing behind."""
    await in_thread(services.adaptation.cancel)


@router.put("/weights", responses=responses(404, 507))
async def choose_weights(choice: schemas.WeightsChoice, services: CurrentServices) -> schemas.Adaptation:
    """Work with the adapted click weights, or with those that the server was started with."""
    return await in_thread(lambda: services.adaptation.use(choice.adapted))
