"""DICOM headers: the files of a series, in the order of their positions, and the grid that they form.

Positions and directions are in DICOM's LPS+ patient frame here, in mm (PS3.3 C.7.6.2.1.1).
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.misc import is_dicom
from pydicom.uid import SegmentationStorage

from isegformer.errors import VolumeReadError

_TAGS = [
    "SOPClassUID",
    "SeriesInstanceUID",
    "SeriesDescription",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "SpacingBetweenSlices",
    "SliceThickness",
]
_SEGMENTATIONS = (SegmentationStorage, "1.2.840.10008.5.1.4.1.1.66.7")
"""The second is Label Map Segmentation Storage (Supplement 243), which pydicom does not name everywhere."""
_DICOM_SUFFIXES = (".dcm", ".dicom", ".ima")
_SAME_COSINE = 1e-3
"""Largest difference of direction cosines within a series; scanners round them to 3 to 6 digits."""
_EVEN_GAP = 0.05
"""Largest deviation of a slice from its even place, as a fraction of the slice spacing."""
_SMALLEST_GAP_MM = 1e-3
"""Slices closer than this lie at one position."""
_AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True, kw_only=True)
class SliceHeader:
    """What one DICOM file says about its place."""

    path: Path
    series_uid: str
    description: str
    shape: tuple[int, int]
    """(rows, columns)"""
    frames: int
    orientation: tuple[float, ...] | None
    """Directions in which the column index and then the row index grow: 6 cosines, LPS+."""
    position_mm: tuple[float, ...] | None
    """Centre of the first pixel, LPS+."""
    spacing_mm: tuple[float, ...]
    """(between rows, between columns)"""
    thickness_mm: float
    """Distance to the next slice if the file says so, else the slice's thickness, else 1."""


def is_dicom_file(path: Path) -> bool:
    """Whether a file carries the DICOM mark or a suffix that only DICOM files have."""
    return path.is_file() and (path.suffix.lower() in _DICOM_SUFFIXES or is_dicom(path))


def read_header(path: Path) -> SliceHeader | None:
    """Return what a DICOM file says about its place; None for files without an image (reports,
    segmentations, DICOMDIR).

    Raises
    ------
    VolumeReadError : the file is not DICOM or its header is damaged
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom warns of each value that bends the standard
            dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_TAGS, force=True)
            return _parse(dataset, path)
    except Exception as error:
        raise VolumeReadError(f"{path} cannot be read as DICOM: {error}") from error


def ordered_by_position(headers: Sequence[SliceHeader]) -> list[SliceHeader]:
    """Return the slices of one series along their common normal, after checking that they form a grid.

    Raises
    ------
    VolumeReadError : sizes, orientations or spacings differ, a position is missing or taken twice
    """
    if len(headers) == 1:
        return list(headers)
    _check_uniform(headers)
    normal = np.cross(*np.reshape(headers[0].orientation or _AXIAL, (2, 3)))
    ordered = sorted(headers, key=lambda header: float(normal @ _position(header)))
    _check_even(ordered, np.array([normal @ _position(header) for header in ordered]))
    return ordered


def lps_affine(ordered: Sequence[SliceHeader]) -> NDArray[np.float64]:
    """Return the affine (4, 4) from (column, row, slice) to LPS+ mm of slices in order.

    The third column is the step from slice to slice, which for a tilted gantry is not the normal.
    Source: DICOM PS3.3 C.7.6.2.1.1, equation C.7.6.2.1-1.
    """
    first, last = ordered[0], ordered[-1]
    along_cols, along_rows = np.reshape(first.orientation or _AXIAL, (2, 3))
    affine = np.eye(4)
    affine[:3, 0] = along_cols * first.spacing_mm[1]
    affine[:3, 1] = along_rows * first.spacing_mm[0]
    affine[:3, 3] = _position(first)
    if len(ordered) > 1:
        affine[:3, 2] = (_position(last) - _position(first)) / (len(ordered) - 1)
    else:
        affine[:3, 2] = np.cross(along_cols, along_rows) * first.thickness_mm
    return affine


def _position(header: SliceHeader) -> NDArray[np.float64]:
    """Return the position (3,) in LPS+ mm; an image that has none lies at the origin."""
    return np.array(header.position_mm or (0.0, 0.0, 0.0))


def _parse(dataset: Any, path: Path) -> SliceHeader | None:
    """Turn pydicom's values into plain ones."""
    if dataset.get("SOPClassUID") in _SEGMENTATIONS:
        return None
    if "Rows" not in dataset or "Columns" not in dataset:
        if "SOPClassUID" in dataset or dataset.file_meta.get("MediaStorageSOPClassUID"):
            return None
        raise VolumeReadError("the file holds no DICOM elements")
    spacing = _numbers(dataset.get("PixelSpacing"), 2) or _numbers(dataset.get("ImagerPixelSpacing"), 2)
    thickness = _numbers(dataset.get("SpacingBetweenSlices"), 1) or _numbers(dataset.get("SliceThickness"), 1)
    return SliceHeader(
        path=path,
        series_uid=str(dataset.get("SeriesInstanceUID", "")),
        description=str(dataset.get("SeriesDescription", "")),
        shape=(int(dataset.Rows), int(dataset.Columns)),
        frames=int(dataset.get("NumberOfFrames") or 1),
        orientation=_numbers(dataset.get("ImageOrientationPatient"), 6),
        position_mm=_numbers(dataset.get("ImagePositionPatient"), 3),
        spacing_mm=spacing or (1.0, 1.0),
        thickness_mm=abs(thickness[0]) if thickness and thickness[0] else 1.0,
    )


def _numbers(value: Any, count: int) -> tuple[float, ...] | None:
    """Return `count` finite numbers; None if the element is missing or empty."""
    if value is None or value == "":
        return None
    numbers = tuple(float(number) for number in ([value] if count == 1 else value))
    if not numbers:
        return None
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise VolumeReadError(f"element has the values {numbers}, expected {count} finite numbers")
    return numbers


def _check_uniform(headers: Sequence[SliceHeader]) -> None:
    """Refuse slices that cannot lie on one grid."""
    first = headers[0]
    for header in headers:
        if header.position_mm is None or header.orientation is None:
            raise VolumeReadError(
                f"{header.path.name} has no position or orientation, so the slices cannot be put in order; "
                "export the series as NIfTI or as a numbered image stack with its spacing"
            )
        if header.shape != first.shape:
            raise VolumeReadError(
                f"{header.path.name} has {header.shape} pixels (rows, columns) and {first.path.name} "
                f"{first.shape}, expected one size in a series"
            )
        if not np.allclose(header.orientation, first.orientation or (), atol=_SAME_COSINE, rtol=0):
            raise VolumeReadError(
                f"{header.path.name} has orientation {header.orientation} and {first.path.name} "
                f"{first.orientation}, expected one orientation; move localizer slices out of the folder"
            )
        if not np.allclose(header.spacing_mm, first.spacing_mm, rtol=_SAME_COSINE, atol=0):
            raise VolumeReadError(
                f"{header.path.name} has pixel spacing {header.spacing_mm} mm and {first.path.name} "
                f"{first.spacing_mm} mm, expected one spacing in a series"
            )


def _check_even(ordered: Sequence[SliceHeader], heights_mm: NDArray[np.float64]) -> None:
    """Refuse two slices at one position, gaps, and slices beside the line of the others."""
    gaps_mm = np.diff(heights_mm)
    for number in np.flatnonzero(gaps_mm < _SMALLEST_GAP_MM).tolist():
        raise VolumeReadError(
            f"{ordered[number].path.name} and {ordered[number + 1].path.name} lie at the same position, "
            f"{heights_mm[number]:.3f} mm along the normal; expected one slice per position: "
            "split echoes or time points into folders of their own"
        )
    usual_mm = float(np.median(gaps_mm))
    for number in np.flatnonzero(np.abs(gaps_mm - usual_mm) > _EVEN_GAP * usual_mm).tolist():
        gap_mm, start_mm = float(gaps_mm[number]), float(heights_mm[number])
        raise VolumeReadError(
            f"slices are {gap_mm:.3f} mm apart between {ordered[number].path.name} (at "
            f"{start_mm:.3f} mm along the normal) and {ordered[number + 1].path.name}, expected "
            f"{usual_mm:.3f} mm: {_guess(gap_mm, usual_mm, start_mm=start_mm)}"
        )
    positions_mm = np.array([_position(header) for header in ordered])
    line_mm = np.linspace(positions_mm[0], positions_mm[-1], len(ordered))
    off_mm = np.linalg.norm(positions_mm - line_mm, axis=1)
    if off_mm.max() > max(_EVEN_GAP * usual_mm, _SMALLEST_GAP_MM):
        worst = int(off_mm.argmax())
        raise VolumeReadError(
            f"{ordered[worst].path.name} lies {off_mm[worst]:.3f} mm beside its even place in the series, "
            f"expected at most {_EVEN_GAP * usual_mm:.3f} mm"
        )


def _guess(gap_mm: float, usual_mm: float, *, start_mm: float) -> str:
    """Say what an uneven gap most likely means."""
    missing = round(gap_mm / usual_mm) - 1
    if missing < 1:
        return "the slices do not lie evenly"
    places = ", ".join(f"{start_mm + usual_mm * step:.3f}" for step in range(1, missing + 1)[:5])
    return f"{missing} slice{'s are' if missing > 1 else ' is'} missing, first at {places} mm"
