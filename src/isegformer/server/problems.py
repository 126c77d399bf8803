"""Errors as RFC 9457 problem documents: one table from the class of an error to what the client is told."""

import errno
import logging
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from isegformer import errors
from isegformer.server import schemas

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_PREFIX = "urn:isegformer:problem:"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What the client is told of one class of errors."""

    status: int
    name: str
    title: str
    advice: str | None = None


KINDS: tuple[tuple[type[BaseException], Kind], ...] = (
    (errors.NotFoundError, Kind(status=404, name="not-found", title="There is no such thing")),
    (
        errors.LimitError,
        Kind(status=413, name="too-large", title="This is larger than the server takes"),
    ),
    (errors.RequestError, Kind(status=422, name="request", title="The request cannot be understood")),
    (
        errors.ShuttingDownError,
        Kind(
            status=503,
            name="shutting-down",
            title="The server is shutting down",
            advice="Nothing that was confirmed is lost. Start isegformer again, then repeat this.",
        ),
    ),
    (
        errors.BusyError,
        Kind(status=409, name="busy", title="Work is under way", advice="Wait for its end, or cancel it."),
    ),
    (
        errors.LockedObjectError,
        Kind(status=409, name="locked-object", title="The object is locked", advice="Unlock the object."),
    ),
    (
        errors.SessionOpenElsewhereError,
        Kind(
            status=503,
            name="open-elsewhere",
            title="The session is open in another program",
            advice="Close it there, then try again.",
        ),
    ),
    (
        errors.SessionMismatchError,
        Kind(
            status=409,
            name="other-volume",
            title="The scan is not the one the session was made on",
            advice="Its file was replaced. Put the original back: the work on it is kept. Or give the new "
            "file another name, to start anew on it.",
        ),
    ),
    (errors.SessionError, Kind(status=409, name="session", title="This does not fit the session as it is")),
    (
        errors.ExportError,
        Kind(status=422, name="export", title="This form of file cannot hold the segmentation"),
    ),
    (errors.ClickError, Kind(status=422, name="click", title="A click is outside its slice")),
    (
        errors.PropagationError,
        Kind(status=409, name="propagation", title="There is nothing to propagate from"),
    ),
    (errors.GeometryError, Kind(status=422, name="geometry", title="This does not lie on the volume")),
    (
        errors.MaskError,
        Kind(
            status=422,
            name="mask",
            title="The mask does not fit the scan",
            advice="A mask is a .nii.gz, .nrrd or .mha file on the grid of its scan, with a whole number for "
            "each object. Resample it onto the scan by nearest neighbour, then import it again.",
        ),
    ),
    (
        errors.SpacingMissingError,
        Kind(
            status=422,
            name="spacing-missing",
            title="The scan does not say how far apart its voxels are",
            advice="Open it in the app, which asks for the spacing, or send it with PUT "
            "/api/scans/ID/spacing.",
        ),
    ),
    (errors.VolumeReadError, Kind(status=422, name="unreadable-scan", title="The scan cannot be read")),
    (
        errors.JournalError,
        Kind(
            status=507,
            name="journal",
            title="The work could not be saved",
            advice="Free disk space; nothing that was saved before is lost.",
        ),
    ),
    (
        errors.ScratchError,
        Kind(
            status=507,
            name="scratch",
            title="There is no room for a large array on disk",
            advice="Free disk space, or start the server with ISEGFORMER_SCRATCH set to another folder.",
        ),
    ),
    (errors.WriteError, Kind(status=507, name="write", title="A file could not be written")),
    (errors.IsegformerError, Kind(status=422, name="refused", title="This cannot be done")),
    (
        MemoryError,
        Kind(
            status=503,
            name="out-of-memory",
            title="The server has no memory left",
            advice="Close other programs, or start the server with a smaller --memory-budget.",
        ),
    ),
)
"""The first class that fits counts."""

DISK_FULL = Kind(
    status=507,
    name="disk-full",
    title="The server's disk is full",
    advice="Free disk space, then try again; nothing that was saved before is lost.",
)
UNEXPECTED = Kind(
    status=500,
    name="unexpected",
    title="Something went wrong in the server",
    advice="Nothing that was saved is lost. Please report what the server's log says.",
)


def problem_of(error: BaseException) -> schemas.Problem:
    """Return the document for an error; what is not ours is not told, only logged."""
    for kind_of_error, kind in KINDS:
        if isinstance(error, kind_of_error):
            return _document(kind, str(error))
    if _is_disk_full(error):
        return _document(DISK_FULL, "there was no room for a file that this needs; nothing was changed")
    return _document(UNEXPECTED, "an unexpected error; the server's log says more")


def problem(status: int, *, name: str, title: str, detail: str, advice: str | None = None) -> schemas.Problem:
    """Return a document for something that no error stands for."""
    return _document(Kind(status=status, name=name, title=title, advice=advice), detail)


def response_of(document: schemas.Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return the answer that carries a problem."""
    return JSONResponse(
        document.model_dump(mode="json"),
        status_code=document.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def install(app: FastAPI) -> None:
    """Let every error of `app` be answered by a problem document."""
    app.add_exception_handler(errors.IsegformerError, _ours)
    app.add_exception_handler(MemoryError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(UnexpectedErrors)


class UnexpectedErrors:
    """Answers what nobody expected: logged in full, told in general. The next request is as ever."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and answer for it if it fails before its answer has begun."""
        has_begun = False

        async def noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            if scope["type"] != "http" or has_begun:
                raise
            logger.exception("%s %s failed", scope["method"], scope["path"])
            await response_of(problem_of(error))(scope, receive, send)


async def _ours(request: Request, error: Exception) -> Response:
    return response_of(problem_of(error))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    what = "; ".join(
        f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()[:5]
    )
    return response_of(
        problem(
            422,
            name="request",
            title="The request cannot be understood",
            detail=what,
            advice="See /api/openapi.json for what is expected.",
        )
    )


def _is_disk_full(error: BaseException | None) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if _is_disk_full(error.__cause__):  # while the parts of a body were put aside
        return response_of(problem_of(error.__cause__ or error))
    if error.status_code == 413:
        return response_of(problem_of(errors.LimitError(error.detail)))
    document = problem(
        error.status_code,
        name=f"http-{error.status_code}",
        title=error.detail,
        detail=f"{request.method} {request.url.path}: {error.detail}",
    )
    return response_of(document, headers=dict(error.headers or {}))


def _document(kind: Kind, detail: str) -> schemas.Problem:
    return schemas.Problem(
        type=_PREFIX + kind.name, title=kind.title, status=kind.status, detail=detail, advice=kind.advice
    )


def responses(*statuses: int) -> dict[int | str, dict[str, object]]:
    """Return what OpenAPI says of the errors of a route; those that every route has are added."""
    every = (400, 401, 403, 413, 421, 422, 500, *statuses)
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": "A problem; `detail` says what to do.", "content": content}
        for status in sorted(set(every))
    }
