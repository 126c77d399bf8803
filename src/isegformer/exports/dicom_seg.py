"""DICOM-SEG: a label map as a segmentation object that refers to the images it was drawn on.

Source: DICOM PS3.3 A.51 (Segmentation IOD) and C.8.20, written by highdicom.
"""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from isegformer import __version__
from isegformer.atomic import replace_atomically
from isegformer.errors import ExportError, VolumeWriteError, WriteError
from isegformer.types import PathLike
from isegformer.volume import Geometry, LabelMap, label_counts
from isegformer.volume.io.dicom import series_geometry, series_headers

TOLERANCE_MM = 1e-2
_PRODUCT = "isegformer"
_SERIES_NUMBER = 300
_MAY_BE_EMPTY = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "ReferringPhysicianName",
)
"""Elements of type 2: the standard lets them be empty but not absent; anonymisers remove them."""


def write_dicom_seg(
    label_map: LabelMap, series: PathLike, path: PathLike, *, colours: Mapping[int, str] | None = None
) -> None:
    """Write a label map that was made on a DICOM series as one DICOM-SEG file.

    Each object is a binary segment, numbered 1, 2, ... by rising label; its frames refer to their source
    images. Slices without any object are left out, as usual.

    Parameters
    ----------
    series : folder with the one series that the label map belongs to
    colours : label -> "#rrggbb", recommended to viewers

    Raises
    ------
    VolumeReadError : the series cannot be read
    ExportError : another grid than the series', no object at all, or headers that lack what must be repeated
    VolumeWriteError : a failed write; a file that stood at `path` is intact
    """
    headers = series_headers(series)
    _check_grid(label_map, series_geometry(headers))
    labels = [label for label in label_counts(label_map.labels) if label]
    if not labels:
        raise ExportError("the label map is empty, and a DICOM-SEG cannot be; segment an object first")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about values of the source that are copied as they are
            sources = [_source(header.path) for header in headers]
            segmentation = _segmentation(label_map, sources, labels, colours or {})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ExportError(
            f"the images in {series} lack what a DICOM-SEG must repeat of them ({error}); "
            "export as NIfTI or NRRD instead"
        ) from error
    try:
        with replace_atomically(path) as temporary:
            segmentation.save_as(temporary)
    except WriteError as error:
        raise VolumeWriteError(str(error)) from error


def _source(path: Path) -> pydicom.Dataset:
    """Return the headers of an image, complete where they may be empty."""
    dataset = pydicom.dcmread(path, force=True, stop_before_pixels=True)
    for keyword in _MAY_BE_EMPTY:
        if keyword not in dataset:
            setattr(dataset, keyword, "")
    return dataset


def _check_grid(label_map: LabelMap, grid: Geometry) -> None:
    """Refuse a label map of another series."""
    if not grid.is_close(label_map.geometry, TOLERANCE_MM):
        raise ExportError(
            f"the label map has another grid ({label_map.geometry.shape}, origin "
            f"{label_map.geometry.origin_mm}) than the series ({grid.shape}, origin {grid.origin_mm}); "
            "give the series that it was drawn on"
        )


def _segmentation(
    label_map: LabelMap,
    sources: Sequence[pydicom.Dataset],
    labels: Sequence[int],
    colours: Mapping[int, str],
) -> hd.seg.Segmentation:
    numbers = np.zeros(int(label_map.labels.max()) + 1, np.uint16)
    numbers[labels] = np.arange(1, len(labels) + 1)
    frames = numbers[label_map.labels.transpose(2, 1, 0)]  # slice, row, column
    return hd.seg.Segmentation(
        source_images=sources,
        pixel_array=frames if len(labels) > np.iinfo(np.uint8).max else frames.astype(np.uint8),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            _description(number, label_map.name_of(label), colours.get(label))
            for number, label in enumerate(labels, start=1)
        ],
        series_instance_uid=generate_uid(prefix=None),
        series_number=_SERIES_NUMBER,
        sop_instance_uid=generate_uid(prefix=None),
        instance_number=1,
        manufacturer=_PRODUCT,
        manufacturer_model_name=_PRODUCT,
        software_versions=__version__,
        device_serial_number="0",
        content_label="SEGMENTATION",
    )


def _description(number: int, name: str, colour: str | None) -> hd.seg.SegmentDescription:
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=name[:64],  # the longest LO
        # What a user named is known by its name only; the general terms are those of 3D Slicer.
        segmented_property_category=codes.SCT.Tissue,
        segmented_property_type=codes.SCT.Tissue,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.SEMIAUTOMATIC,
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name=_PRODUCT, family=codes.DCM.ArtificialIntelligence, version=__version__
        ),
        display_color=None if colour is None else hd.color.CIELabColor.from_string(colour),
    )
