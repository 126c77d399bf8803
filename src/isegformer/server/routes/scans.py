"""The scans of the data root."""

from typing import Annotated

from fastapi import APIRouter, File, Path, Request, UploadFile
from fastapi.responses import FileResponse, Response

from isegformer.server import schemas
from isegformer.server.data_root import Scan
from isegformer.server.problems import responses
from isegformer.server.services import CurrentServices, Services
from isegformer.server.threads import in_thread
from isegformer.server.uploads import SentFile
from isegformer.server.views import grid_document

router = APIRouter(prefix="/scans", tags=["scans"])

ScanId = Annotated[str, Path(max_length=64, description="Id of a scan.")]


@router.get("", responses=responses())
async def list_scans(services: CurrentServices) -> schemas.Scans:
    """Return all scans, by name."""
    return await in_thread(
        lambda: schemas.Scans(
            scans=[scan_document(scan, services) for scan in services.scans.data_root.scans()]
        )
    )


@router.post("", status_code=201, responses=responses(413, 507))
async def send_scan(
    file: Annotated[
        list[UploadFile],
        File(description="A volume in one file, or a DICOM series as a .zip archive or as its files."),
    ],
    services: CurrentServices,
) -> schemas.Scan:
    """Take a scan into the data root, once it is known to be a volume within the limits."""
    sent = [SentFile(name=one.filename or "", content=one.file) for one in file]
    scan = await in_thread(lambda: services.uploads.take(sent))
    return await in_thread(lambda: scan_document(scan, services))


@router.post(
    "/sample",
    responses={201: {"model": schemas.Scan, "description": "Put there by this."}, **responses(404, 507)},
)
async def take_sample(services: CurrentServices, response: Response) -> schemas.Scan:
    """Return the sample scan of this server, put into the data root if it is not there yet."""
    scan, is_new = await in_thread(services.samples.take)
    response.status_code = 201 if is_new else 200
    return await in_thread(lambda: scan_document(scan, services))


@router.get("/{scan}", responses=responses(404))
async def show_scan(scan: ScanId, services: CurrentServices) -> schemas.Grid:
    """Return the grid of a scan, which is read for that."""

    def read() -> schemas.Grid:
        found = services.scans.data_root.scan(scan)
        with services.scans.volume(found) as volume:
            return grid_document(found, volume)

    return await in_thread(read)


@router.put("/{scan}/spacing", responses=responses(404, 409, 507))
async def give_spacing(scan: ScanId, new: schemas.NewSpacing, services: CurrentServices) -> schemas.Grid:
    """Say how far apart the voxels of a scan are, where its files do not; it is kept, and given once."""

    def read() -> schemas.Grid:
        found = services.scans.give_spacing(scan, new)
        with services.scans.volume(found) as volume:
            return grid_document(found, volume)

    return await in_thread(read)


@router.get(
    "/{scan}/volume.nii.gz",
    response_class=FileResponse,
    responses={
        200: {"content": {"application/gzip": {}}, "description": "NIfTI, compressed."},
        304: {"description": "Not changed."},
        **responses(404),
    },
)
async def scan_voxels(scan: ScanId, request: Request, services: CurrentServices) -> Response:
    """Return the voxels of a scan as NIfTI."""
    found = await in_thread(lambda: services.scans.browser_file(services.scans.data_root.scan(scan)))
    headers = {"ETag": f'"{found.tag}"', "Cache-Control": "private, no-cache"}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return FileResponse(found.path, media_type="application/gzip", headers=headers)


def scan_document(scan: Scan, services: Services) -> schemas.Scan:
    """Return what a list says of a scan."""
    return schemas.Scan(
        id=scan.id,
        name=scan.name,
        kind=scan.kind,
        size_bytes=scan.size_bytes,
        modified_utc=scan.modified_utc,
        needs_spacing=scan.needs_spacing,
        session=services.sessions.outline(scan),
    )
