"""Reading and writing of volumes, one module per family of formats."""

from isegformer.volume.io.dicom import DicomSeries, list_dicom_series, read_dicom_series
from isegformer.volume.io.registry import read_label_map, read_volume, write_label_map

__all__ = [
    "DicomSeries",
    "list_dicom_series",
    "read_dicom_series",
    "read_label_map",
    "read_volume",
    "write_label_map",
]
