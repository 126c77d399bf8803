"""MONAI Label's REST protocol, as the plugins of 3D Slicer and OHIF speak it; see docs/slicer.md."""

import hmac
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, HTTPException, Query, UploadFile
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse, Response

from isegformer import __version__
from isegformer.errors import NotFoundError
from isegformer.exports import export
from isegformer.server.monai_label.documents import datastore_all, offered_labels, session_info
from isegformer.server.monai_label.labels import read_submitted
from isegformer.server.monai_label.models import MODELS, info_document
from isegformer.server.monai_label.params import parse_params
from isegformer.server.monai_label.serving import (
    Output,
    answer_of,
    dicom_series,
    received,
    requested_volume,
    sha256_of,
    task_of,
)
from isegformer.server.problems import responses
from isegformer.server.routes.exports import annotation_of
from isegformer.server.services import CurrentServices, CurrentUser
from isegformer.server.threads import finished, in_thread
from isegformer.session import ImportLabelMap

router = APIRouter(tags=["monai-label"])

PREFIXES = ("/info/", "/infer/", "/session/", "/datastore/", "/activelearning/", "/train/", "/auth/")
"""Beginnings of all paths of the protocol."""
SIGN_IN = frozenset({"/auth/", "/auth/token"})
UPLOADS = frozenset(
    {"/session", "/datastore", "/datastore/image", "/datastore/label", *(f"/infer/{name}" for name in MODELS)}
)

Text = Annotated[str, Query(max_length=200)]
ModelName = Annotated[str, PathParameter(max_length=64, description=f"One of {', '.join(MODELS)}.")]
Params = Annotated[str, Form(max_length=200_000, description="JSON text.")]
BINARY = {"content": {"application/octet-stream": {}}, "description": "The file."}


@router.get("/auth/", responses=responses())
async def auth(services: CurrentServices) -> dict[str, bool]:
    """Tell whether clients must sign in."""
    return {"enabled": services.settings.visitor is None}


@router.post("/auth/token", responses=responses())
async def auth_token(
    services: CurrentServices,
    username: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=200, description="The user's token.")],
) -> dict[str, str]:
    """Return the token to send from now on, which is the password."""
    token = services.settings.users.get(username)
    if token is None or not hmac.compare_digest(token.encode(), password.encode()):
        raise HTTPException(401, "No user of this name has this token")
    return {"access_token": token, "token_type": "Bearer"}


@router.get("/auth/token/valid", responses=responses())
async def auth_valid(user: CurrentUser) -> dict[str, str]:
    """Return who the token belongs to."""
    return {"username": user}


@router.get("/info/", responses=responses())
async def info(services: CurrentServices) -> dict[str, Any]:
    """Describe the models and the datastore."""

    def described() -> dict[str, Any]:
        outlines = [services.sessions.outline(scan) for scan in services.scans.ready()]
        return info_document(
            name="isegformer",
            version=__version__,
            labels=offered_labels(outline.names for outline in outlines if outline is not None),
            total=len(outlines),
            completed=sum(outline is not None and outline.accepted > 0 for outline in outlines),
        )

    return await in_thread(described)


@router.post(
    "/infer/{model}", response_class=Response, responses={200: BINARY, **responses(404, 409, 413, 503)}
)
async def infer(
    model: ModelName,
    services: CurrentServices,
    *,
    image: Text = "",
    session_id: Text = "",
    output: Output = "all",
    params: Params = "{}",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Segment from clicks; the answer is multipart with `params` and an NRRD file, or one of them alone."""
    if model not in MODELS:
        raise NotFoundError(f"there is no model {model!r}, expected one of {', '.join(MODELS)}")

    def segmented() -> Response:
        series = dicom_series(services, image) if output == "dicom_seg" else None
        with requested_volume(services, image=image, session_id=session_id, file=file) as volume:
            request = parse_params(params, shape=volume.geometry.shape)
            with services.turns:
                label_map = MODELS[model].run(task_of(services, volume, request))
        return answer_of(label_map, request, output=output, series=series)

    return await in_thread(segmented)


@router.put("/session/", responses=responses(413, 507))
async def create_session(
    services: CurrentServices,
    files: Annotated[list[UploadFile], File()],
    expiry: Annotated[int, Query(ge=0, le=10**9, description="Seconds; 0 is an hour.")] = 0,
) -> dict[str, Any]:
    """Keep an uploaded volume for a while."""
    kept = [received(file) for file in files]
    upload = await in_thread(lambda: services.temporary.add(kept, expiry_s=expiry))
    return {"session_id": upload.id, "session_info": session_info(upload)}


@router.get("/session/{session_id}", responses=responses(404))
async def show_session(
    session_id: Annotated[str, PathParameter(max_length=64)], services: CurrentServices
) -> dict[str, Any]:
    """Describe an uploaded volume."""
    return session_info(await in_thread(lambda: services.temporary.get(session_id)))


@router.delete("/session/{session_id}", responses=responses(404))
async def remove_session(
    session_id: Annotated[str, PathParameter(max_length=64)], services: CurrentServices
) -> dict[str, Any]:
    """Forget an uploaded volume."""
    return session_info(await in_thread(lambda: services.temporary.remove(session_id)))


@router.get("/datastore/", responses=responses())
async def datastore(
    services: CurrentServices, output: Literal["all", "train", "stats"] = "stats"
) -> dict[str, Any] | list[dict[str, Any]]:
    """List scans and labels, or count them."""

    def listed() -> dict[str, Any] | list[dict[str, Any]]:
        scans = [(scan, services.sessions.outline(scan) is not None) for scan in services.scans.ready()]
        if output == "all":
            return datastore_all(scans)
        if output == "train":
            return [{"image": scan.id, "label": scan.id} for scan, has_label in scans if has_label]
        completed = sum(has_label for _, has_label in scans)
        return {"total": len(scans), "completed": completed, "label_tags": {}, "train": []}

    return await in_thread(listed)


@router.get("/datastore/image", response_class=FileResponse, responses={200: BINARY, **responses(404)})
async def download_image(services: CurrentServices, image: Text) -> FileResponse:
    """Return a scan as NIfTI."""
    found = await in_thread(lambda: services.scans.browser_file(services.scans.data_root.scan(image)))
    return FileResponse(found.path, media_type="application/gzip", filename=f"{image}.nii.gz")


@router.get("/datastore/label", response_class=Response, responses={200: BINARY, **responses(404, 409, 503)})
async def download_label(services: CurrentServices, label: Text, tag: Text = "final") -> Response:
    """Return the label map of a scan's session as NIfTI, whatever the tag: there is one."""
    del tag

    def exported() -> bytes:
        with services.sessions.lease(label) as live, TemporaryDirectory(prefix="isegformer-") as folder:
            path = Path(folder) / "label.nii.gz"
            export(annotation_of(live), "nifti", path)
            return path.read_bytes()

    headers = {"Content-Disposition": f'attachment; filename="{label}.nii.gz"'}
    return Response(await in_thread(exported), media_type="application/gzip", headers=headers)


@router.put("/datastore/label", responses=responses(404, 409, 413, 503, 507))
async def submit_label(
    services: CurrentServices,
    user: CurrentUser,
    *,
    image: Text,
    label: Annotated[UploadFile, File()],
    params: Params = "{}",
    tag: Text = "final",
) -> dict[str, str]:
    """Take a label map over into the session of its scan, as one step that can be undone."""
    del tag

    def imported() -> ImportLabelMap:
        scan = services.scans.data_root.scan(image)
        services.sessions.begin(scan.id)
        with services.scans.volume(scan) as volume:
            label_map = read_submitted(received(label), params, volume=volume)
        return ImportLabelMap.from_label_map(label_map)

    command = await in_thread(imported)
    queued = await in_thread(lambda: services.queue(image, lambda live: live.submit(command, user=user)))
    await finished(queued)
    return {"image": image, "label": image}


@router.post("/activelearning/{strategy}", responses=responses(404))
async def next_sample(
    strategy: Annotated[str, PathParameter(max_length=64)], services: CurrentServices
) -> dict[str, str]:
    """Return the first scan without an accepted slice; an empty object when all are done."""
    if strategy != "first":
        raise NotFoundError(f"there is no strategy {strategy!r}, expected 'first'")

    def chosen() -> dict[str, str]:
        for scan in services.scans.ready():
            outline = services.sessions.outline(scan)
            if outline is None or not outline.accepted:
                found = services.scans.browser_file(scan)
                return {
                    "id": scan.id,
                    "name": f"{scan.id}.nii.gz",
                    "path": "",
                    "checksum": f"SHA256:{sha256_of(found.path)}",
                }
        return {}

    return await in_thread(chosen)


@router.get("/train/", responses=responses(404))
async def train_status() -> dict[str, str]:
    """Tell that no training is under way."""
    raise NotFoundError("no training is under way; `isegformer adapt` adapts the networks to your cases")


@router.delete("/train/", responses=responses(404))
async def stop_training() -> dict[str, str]:
    """Tell that no training is under way."""
    raise NotFoundError("no training is under way")


@router.post("/train/{model}", responses=responses(404))
async def start_training(model: ModelName) -> dict[str, str]:
    """Tell how to train."""
    raise NotFoundError(f"{model!r} is not trained here; use `isegformer adapt` on your cases")
