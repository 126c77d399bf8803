"""The application: routes, problems, security, the browser's files, and the end in good order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse
from starlette.formparsers import MultiPartParser
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles

from isegformer import __version__
from isegformer.server import problems, schemas
from isegformer.server.adaptation_process import Adapter
from isegformer.server.networks import Networks
from isegformer.server.routes import (
    about,
    adaptation,
    commands,
    events,
    exports,
    label_maps,
    monai_label,
    propagation,
    scans,
    sessions,
)
from isegformer.server.sample_scan import Sample
from isegformer.server.security import COOKIE, PathAccess, SecurityMiddleware
from isegformer.server.services import build_services
from isegformer.server.settings import ServerSettings
from isegformer.server.threads import in_thread

STATIC = Path(__file__).with_name("static")
"""The browser app; built when the package is installed."""

ROUTERS = (
    about.router,
    adaptation.router,
    scans.router,
    sessions.router,
    commands.router,
    label_maps.router,
    propagation.router,
    exports.router,
    events.router,
)

SPOOL_BYTES = 64 * 1024
"""How much of each file of an upload lies in memory while it comes; a series has a thousand."""

NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>isegformer</title></head>
<body><h1>The browser app is not built</h1>
<p>The server is running, but its browser files are missing. Install the package with
<code>pip install .</code>, which builds them, or build them in the source tree: <code>make web</code>.</p>
<p>Programs can use the server as it is: <a href="/api/openapi.json">/api/openapi.json</a>.</p></body></html>
"""


class Application(FastAPI):
    """FastAPI whose description says how errors look and who may ask."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        document = super().openapi()
        document["components"]["schemas"]["Problem"] = schemas.Problem.model_json_schema()
        document["components"]["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer"},
            "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
        }
        document["security"] = [{"token": []}, {"cookie": []}]
        return document


def create_app(
    settings: ServerSettings,
    *,
    networks: Networks,
    sample: Sample | None = None,
    adapter: Adapter | None = None,
    static: Path = STATIC,
) -> FastAPI:
    """Return the application; its threads start with it and end when it is shut down.

    Parameters
    ----------
    sample : offered to those who have no scan at hand
    adapter : adapts the click network; None: this server does not
    static : folder with the browser app; where it has no index.html a page says how to build it
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        services = await in_thread(lambda: build_services(settings, networks, sample=sample, adapter=adapter))
        app.state.services = services
        try:
            yield
        finally:
            await in_thread(services.close)

    app = Application(
        title="isegformer",
        version=__version__,
        description="Interactive 3-D segmentation. Errors are RFC 9457 problem documents.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    problems.install(app)
    MultiPartParser.spool_max_size = SPOOL_BYTES  # there is no other way to tell it
    api = APIRouter(prefix="/api")
    for router in ROUTERS:
        api.include_router(router)
    app.include_router(api)
    app.include_router(monai_label.router)
    _add_static(app, static)
    access = PathAccess(
        public=_public_paths(static),
        sign_in=monai_label.SIGN_IN,
        visitor=monai_label.PREFIXES,
        upload=frozenset({"/api/scans", *label_maps.UPLOADS, *monai_label.UPLOADS}),
    )
    app.add_middleware(SecurityMiddleware, settings=settings, access=access)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.origins),
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
        )
    return app


def _public_paths(static: Path) -> frozenset[str]:
    """Return the addresses of the browser app's files."""
    files = (path.relative_to(static).as_posix() for path in static.rglob("*") if path.is_file())
    return frozenset(("/", *(f"/{name}" for name in files)))


def _add_static(app: FastAPI, static: Path) -> None:
    if (static / "index.html").is_file():
        app.mount("/", StaticFiles(directory=static, html=True))
        return

    @app.get("/", include_in_schema=False)
    async def not_built() -> HTMLResponse:
        return HTMLResponse(NOT_BUILT)
