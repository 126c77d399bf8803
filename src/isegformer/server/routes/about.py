"""What this server is."""

from dataclasses import asdict

from fastapi import APIRouter

from isegformer import __version__
from isegformer.server import schemas
from isegformer.server.problems import responses
from isegformer.server.services import CurrentServices, CurrentUser

router = APIRouter(tags=["about"])


@router.get("/about", responses=responses())
async def about(services: CurrentServices, user: CurrentUser) -> schemas.About:
    """Return version, networks and limits, and the name of the user."""
    networks = services.networks
    return schemas.About(
        version=__version__,
        user=user,
        device=networks.device,
        click_weights=networks.click_weights,
        propagation_weights=networks.propagation_weights,
        method=networks.method,
        target_dice=services.settings.target_dice,
        sample=services.samples.title,
        limits=schemas.Limits(**asdict(services.settings.limits)),
    )
