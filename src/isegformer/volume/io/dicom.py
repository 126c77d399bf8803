"""DICOM: a series folder as a volume, and a single image as a volume of one slice."""

# mypy: allow-untyped-calls
# SimpleITK has no annotations.

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pydicom
import SimpleITK as sitk  # noqa: N813  # the name that its own documentation uses

from isegformer import scratch
from isegformer.errors import GeometryError, VolumeReadError
from isegformer.types import AnyArray, PathLike
from isegformer.volume.geometry import Geometry
from isegformer.volume.io.dicom_headers import (
    SliceHeader,
    is_dicom_file,
    lps_affine,
    ordered_by_position,
    read_header,
)
from isegformer.volume.io.limits import StoredSize, check_claimed_size
from isegformer.volume.orientation import flip_lps_ras
from isegformer.volume.volume import Volume


@dataclass(frozen=True, kw_only=True)
class DicomSeries:
    """One series of a folder."""

    uid: str
    description: str
    file_count: int


def read_file(path: Path) -> Volume:
    """Read one single-frame DICOM image as a volume of one slice.

    Raises
    ------
    VolumeReadError : no image in the file, several frames, or damaged data
    """
    return _assemble([_image_header(path)])


def list_dicom_series(folder: PathLike) -> tuple[DicomSeries, ...]:
    """Return the image series of a folder, ordered by UID; files without an image do not count."""
    headers = _image_headers(Path(folder))
    counts = Counter(header.series_uid for header in headers)
    descriptions = {header.series_uid: header.description for header in headers}
    return tuple(
        DicomSeries(uid=u, description=descriptions[u], file_count=counts[u]) for u in sorted(counts)
    )


def read_dicom_series(folder: PathLike, *, series_uid: str | None = None) -> Volume:
    """Read the DICOM series of a folder, sorted by position along the normal of its slices.

    voxels[i, j, k] is the pixel in column i and row j of slice k. Rescale slope and intercept are applied.

    Parameters
    ----------
    series_uid : which series; may be left out where the folder has only one

    Raises
    ------
    VolumeReadError : no such series, several series, a missing slice, two slices at one position, or slices
        of different size, orientation or spacing
    """
    return _assemble(_chosen_series(Path(folder), series_uid))


def series_headers(path: PathLike) -> list[SliceHeader]:
    """Return the headers of a series folder, or of a single image, by position along the normal.

    Raises
    ------
    VolumeReadError : as `read_dicom_series`
    """
    if Path(path).is_dir():
        return _ordered(_chosen_series(Path(path), None))
    return [_image_header(Path(path))]


def series_geometry(ordered: Sequence[SliceHeader]) -> Geometry:
    """Return the grid (columns, rows, slices) of a series in order; VolumeReadError where it has none."""
    rows, cols = ordered[0].shape
    try:
        return Geometry((cols, rows, len(ordered)), flip_lps_ras(lps_affine(ordered)))
    except GeometryError as error:
        raise VolumeReadError(f"{ordered[0].path.parent} is not one volume: {error}") from error


def _ordered(headers: Sequence[SliceHeader]) -> list[SliceHeader]:
    """Return slices by position; VolumeReadError names the folder where they are not one series."""
    try:
        return ordered_by_position(headers)
    except VolumeReadError as error:
        raise VolumeReadError(f"{headers[0].path.parent} is not one volume: {error}") from error


def _image_header(path: Path) -> SliceHeader:
    header = read_header(path)
    if header is None:
        raise VolumeReadError(
            f"{path} is a DICOM file without an image, such as a report or a DICOM-SEG; expected a scan"
        )
    return header


def _chosen_series(folder: Path, series_uid: str | None) -> list[SliceHeader]:
    """Return the headers of the wanted series, or of the only one."""
    headers = _image_headers(folder)
    found = sorted({header.series_uid for header in headers})
    if series_uid is None and len(found) > 1:
        listing = "; ".join(
            f"{s.uid} ({s.file_count} files, {s.description!r})" for s in list_dicom_series(folder)
        )
        raise VolumeReadError(
            f"{folder} has {len(found)} DICOM series, expected 1: {listing}. "
            "Move each into a folder of its own (in Python: read_dicom_series(folder, series_uid=...))"
        )
    wanted = found[0] if series_uid is None and found else series_uid
    chosen = [header for header in headers if header.series_uid == wanted]
    if not chosen:
        raise VolumeReadError(f"{folder} has the DICOM image series {found}, expected {series_uid or 'one'}")
    return chosen


def _image_headers(folder: Path) -> list[SliceHeader]:
    """Return the headers of all DICOM images directly in a folder."""
    files = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and is_dicom_file(path))
    return [header for header in map(read_header, files) if header is not None]


def _assemble(headers: Sequence[SliceHeader]) -> Volume:
    """Read the pixels of the slices of one series and put them on their grid."""
    for header in headers:
        if header.frames != 1:
            raise VolumeReadError(
                f"{header.path} has {header.frames} frames, expected one per file: "
                "convert multi-frame DICOM to NIfTI"
            )
    ordered = _ordered(headers)
    geometry = series_geometry(ordered)
    file_bytes = sum(header.path.stat().st_size for header in ordered)
    stored = StoredSize(file_bytes=file_bytes, is_compressed=True)
    check_claimed_size(geometry.shape, bytes_per_voxel=1, stored=stored)
    return Volume(_smallest_type(_stacked(ordered)), geometry)


def _stacked(ordered: Sequence[SliceHeader]) -> AnyArray:
    """Return the pixels of all slices, one read after the other, (columns, rows, slices) or with RGB last.

    A slice may be rescaled to another type than those before it; then all of them take the wider one.
    """
    voxels: AnyArray | None = None
    for k, header in enumerate(ordered):
        pixels = _read_pixels(header).swapaxes(0, 1)
        if voxels is None:
            shape = (*pixels.shape[:2], len(ordered), *pixels.shape[2:])
            voxels = scratch.zeros(shape, pixels.dtype, order="F")
        if voxels.ndim != pixels.ndim + 1:
            raise VolumeReadError(f"{header.path.parent} mixes grey and colour images, expected one kind")
        wider = np.promote_types(voxels.dtype, pixels.dtype)
        if wider != voxels.dtype:
            voxels = scratch.converted(voxels, wider)
        voxels[:, :, k] = pixels
    assert voxels is not None, "a series has slices"
    return voxels


def _read_pixels(header: SliceHeader) -> AnyArray:
    """Return the rescaled pixels (rows, columns) of one file, or (rows, columns, 3) uint8."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # padding bytes and the like; the array is checked below
            dataset = pydicom.dcmread(header.path, force=True)
            slope = float(dataset.get("RescaleSlope") or 1)
            intercept = float(dataset.get("RescaleIntercept") or 0)
            pixels = _stored_pixels(dataset)
    except Exception as error:
        reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        raise VolumeReadError(f"pixels of {header.path} cannot be read: {reason[0]}") from error
    is_rgb = pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.dtype == np.uint8
    if pixels.shape[:2] != header.shape or not (pixels.ndim == 2 or is_rgb):
        raise VolumeReadError(
            f"pixels of {header.path} have shape {pixels.shape}, expected {header.shape} grey or RGB"
        )
    return pixels if is_rgb else _rescale(pixels, slope=slope, intercept=intercept)


def _stored_pixels(dataset: Any) -> AnyArray:
    """Return the pixel values as they are stored, before any rescaling."""
    is_grey = str(dataset.get("PhotometricInterpretation", "")).startswith("MONOCHROME")
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if syntax is None:
        dataset.file_meta.TransferSyntaxUID = syntax = pydicom.uid.ImplicitVRLittleEndian
    if is_grey and (not syntax.is_compressed or syntax == pydicom.uid.RLELossless):
        return np.asarray(dataset.pixel_array)
    return _decoded_by_gdcm(dataset)


def _decoded_by_gdcm(dataset: Any) -> AnyArray:
    """Decode compressed and coloured pixels with GDCM, which needs no further package.

    GDCM applies the rescaling for some kinds of image and not for others, so it gets a copy without it.
    """
    for keyword in ("RescaleSlope", "RescaleIntercept"):
        if keyword in dataset:
            delattr(dataset, keyword)
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "slice.dcm"
        dataset.save_as(copy)
        array = sitk.GetArrayFromImage(sitk.ReadImage(str(copy), imageIO="GDCMImageIO"))
    return np.asarray(array[0] if array.shape[0] == 1 else array)  # ITK gives DICOM a third axis of length 1


def _rescale(pixels: AnyArray, *, slope: float, intercept: float) -> AnyArray:
    """Return slope * pixels + intercept; whole numbers stay whole (int32), others become float32."""
    if slope == 1 and intercept == 0:
        return pixels
    if slope.is_integer() and intercept.is_integer() and max(abs(slope), abs(intercept)) < 2**15:
        return pixels.astype(np.int32) * np.int32(slope) + np.int32(intercept)
    return (pixels * slope + intercept).astype(np.float32)


def _smallest_type(voxels: AnyArray) -> AnyArray:
    """Return int32 voxels as int16 where they fit, and float64 (from mixed slices) as float32."""
    if voxels.dtype == np.float64:
        return scratch.converted(voxels, np.float32)
    if voxels.dtype == np.int32 and voxels.min() >= -(2**15) and voxels.max() < 2**15:
        return scratch.converted(voxels, np.int16)
    return voxels
