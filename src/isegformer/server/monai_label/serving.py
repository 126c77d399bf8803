"""What the routes of the protocol do with the parts of the server."""

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypeAlias

from fastapi import UploadFile
from fastapi.responses import JSONResponse, Response

from isegformer.errors import RequestError
from isegformer.exports import Annotation, export
from isegformer.server.device_turns import DeviceTurns
from isegformer.server.monai_label.answer import IMAGE_NAME, multipart, nrrd_bytes
from isegformer.server.monai_label.models import LABEL, Task
from isegformer.server.monai_label.params import InferParams
from isegformer.server.monai_label.temporary_volumes import ReceivedFile, check_ending, ending_of
from isegformer.server.series_uploads import refuse_deflated
from isegformer.server.services import Services
from isegformer.session import EarlierResult, Propagation
from isegformer.types import CancelCallback, Labels, ProgressCallback, SliceCallback
from isegformer.volume import LabelMap, Volume, Window, read_volume
from isegformer.volume.io.dicom_headers import is_dicom_file
from isegformer.volume.io.limits import read_limits

Output: TypeAlias = Literal["image", "json", "all", "dicom_seg"]


class PatientPropagation:
    """A propagation that lets the clicks of others in between its slices."""

    def __init__(self, propagation: Propagation, turns: DeviceTurns) -> None:
        self._propagation = propagation
        self._turns = turns

    def __call__(
        self,
        volume: Volume,
        annotations: Mapping[int, Labels],
        *,
        axis: int,
        window: Window,
        earlier: EarlierResult | None = None,
        on_progress: ProgressCallback | None = None,
        is_cancelled: CancelCallback | None = None,
        on_slice: SliceCallback | None = None,
    ) -> Labels:
        """Propagate; see `Propagation`."""

        def passed_on(done: int, total: int) -> None:
            self._turns.pass_on()
            if on_progress is not None:
                on_progress(done, total)

        return self._propagation(
            volume,
            annotations,
            axis=axis,
            window=window,
            earlier=earlier,
            on_progress=passed_on,
            is_cancelled=is_cancelled,
            on_slice=on_slice,
        )


@contextmanager
def requested_volume(
    services: Services, *, image: str, session_id: str, file: UploadFile | None
) -> Iterator[Volume]:
    """Give the volume that a request names, in the order in which the protocol looks: upload, session, scan.

    Raises
    ------
    RequestError : it names none
    NotFoundError : what it names is not there
    """
    if file is not None:
        check_ending(file.filename or "")
        with TemporaryDirectory(prefix="isegformer-") as folder:
            path = Path(folder) / f"volume{ending_of(file.filename or '')}"
            received(file).save(path)
            with read_limits(services.settings.limits.for_uploads):
                volume = read_volume(path)
        yield volume
    elif session_id:
        with services.temporary.volume(services.temporary.get(session_id)) as volume:
            yield volume
    elif image:
        with services.scans.volume(services.scans.data_root.scan(image)) as volume:
            yield volume
    else:
        raise RequestError("neither an image nor a session nor a file is given, expected one of them")


def task_of(services: Services, volume: Volume, params: InferParams) -> Task:
    """Return what a model needs to know."""
    networks = services.networks
    return Task(
        volume=volume,
        clicks=params.clicks,
        slice_index=params.slice_index,
        label=params.label,
        segmenter=networks.new_segmenter(),
        propagation=PatientPropagation(networks.new_propagation(), services.turns),
        method=networks.method,
    )


def dicom_series(services: Services, image: str) -> Path | None:
    """Return the DICOM series behind a scan; None if it is of another kind."""
    scan = services.scans.data_root.scan(image)
    return scan.path if scan.kind == "dicom" else None


def answer_of(label_map: LabelMap, params: InferParams, *, output: Output, series: Path | None) -> Response:
    """Return a result in the form that was asked for.

    Raises
    ------
    VolumeWriteError : a DICOM-SEG of what is not DICOM, or of nothing
    """
    facts: dict[str, object] = {"label_names": {params.label: LABEL}, "latencies": {}}
    if output == "json":
        return JSONResponse(facts)
    if output == "dicom_seg":
        with TemporaryDirectory(prefix="isegformer-") as folder:
            path = Path(folder) / "label.dcm"
            export(Annotation(label_map=label_map, series=series), "dicom-seg", path)
            return Response(path.read_bytes(), media_type="application/dicom")
    image = nrrd_bytes(label_map, is_compressed=params.is_compressed)
    if output == "image":
        headers = {"Content-Disposition": f'attachment; filename="{IMAGE_NAME}"'}
        return Response(image, media_type="application/octet-stream", headers=headers)
    media_type, body = multipart(facts, image)
    return Response(body, media_type=media_type)


def received(file: UploadFile) -> ReceivedFile:
    """Return an uploaded file as the stores take it; saving refuses DICOM that may unfold without limit."""

    def save(path: Path) -> None:
        file.file.seek(0)
        with path.open("wb") as target:
            shutil.copyfileobj(file.file, target)
        if is_dicom_file(path):
            refuse_deflated(path)

    return ReceivedFile(name=file.filename or "", save=save)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
