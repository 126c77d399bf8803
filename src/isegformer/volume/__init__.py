"""Volumes, label maps, their grid, and the files that hold them."""

from isegformer.volume.geometry import Geometry, NiftiSpace
from isegformer.volume.intensity import (
    Window,
    apply_window,
    default_window,
    window_from_level,
    window_from_percentiles,
)
from isegformer.volume.io import (
    DicomSeries,
    list_dicom_series,
    read_dicom_series,
    read_label_map,
    read_volume,
    write_label_map,
)
from isegformer.volume.label_map import LabelMap, label_counts, only_labels
from isegformer.volume.orientation import axis_codes
from isegformer.volume.summary import VolumeSummary, describe
from isegformer.volume.volume import Volume

__all__ = [
    "DicomSeries",
    "Geometry",
    "LabelMap",
    "NiftiSpace",
    "Volume",
    "VolumeSummary",
    "Window",
    "apply_window",
    "axis_codes",
    "default_window",
    "describe",
    "label_counts",
    "list_dicom_series",
    "only_labels",
    "read_dicom_series",
    "read_label_map",
    "read_volume",
    "window_from_level",
    "window_from_percentiles",
    "write_label_map",
]
