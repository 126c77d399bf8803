"""An annotation as a file: one for all objects, for one of them, or an archive with a file for each."""

import zipfile
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from isegformer.errors import NotFoundError
from isegformer.exports import EXPORT_FORMATS, Annotation, export, export_each
from isegformer.server.live_session import LiveSession
from isegformer.server.problems import responses
from isegformer.server.routes.sessions import SessionId
from isegformer.server.services import CurrentServices
from isegformer.server.threads import in_thread

router = APIRouter(prefix="/sessions/{session}/exports", tags=["exports"])

Form = Annotated[str, PathParameter(max_length=32, description=f"One of {', '.join(EXPORT_FORMATS)}.")]


@router.get(
    "/{form}",
    response_class=FileResponse,
    responses={
        200: {"content": {"application/octet-stream": {}}, "description": "The file."},
        **responses(404, 409, 503, 507),
    },
)
async def export_session(
    session: SessionId,
    form: Form,
    services: CurrentServices,
    label: Annotated[int | None, Query(alias="object", ge=1, le=65535)] = None,
    each: Annotated[bool, Query(description="A zip archive with a file for each object.")] = False,
) -> FileResponse:
    """Return the session's label map in a form that other programs read."""
    if form not in EXPORT_FORMATS:
        raise NotFoundError(f"no export form {form!r}, expected one of {', '.join(EXPORT_FORMATS)}")

    def written() -> FileResponse:
        with services.sessions.lease(session) as live:
            annotation, name = annotation_of(live), Path(live.scan.name).name
        if label is not None:
            if label not in annotation.label_map.labels:
                raise NotFoundError(f"object {label} has no voxels; segment it first")
            annotation = annotation.only(label)
        return _file(annotation, form, stem=name.split(".")[0] or "scan", each=each)

    return await in_thread(written)


def annotation_of(live: LiveSession) -> Annotation:
    """Return what an open session holds now, ready to be exported."""
    return Annotation(
        label_map=live.session.label_map(),
        colours={item.label: item.colour for item in live.session.objects},
        series=live.scan.path if live.scan.kind == "dicom" else None,
    )


def _file(annotation: Annotation, form: str, *, stem: str, each: bool) -> FileResponse:
    """Write the file, which is removed once it was sent."""
    folder = Path(mkdtemp(prefix="isegformer-export-"))
    try:
        details = EXPORT_FORMATS[form]
        if each:
            path, media_type = folder / f"{stem}_objects.zip", "application/zip"
            _write_archive(annotation, form, path)
        else:
            path, media_type = folder / f"{stem}_mask{details.suffix}", details.media_type
            export(annotation, form, path)
    except BaseException:
        rmtree(folder, ignore_errors=True)
        raise
    remove = BackgroundTask(rmtree, folder, ignore_errors=True)
    return FileResponse(path, media_type=media_type, filename=path.name, background=remove)


def _write_archive(annotation: Annotation, form: str, path: Path) -> None:
    parts = path.parent / "parts"
    parts.mkdir()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in export_each(annotation, form, parts):
            archive.write(part, part.name)
