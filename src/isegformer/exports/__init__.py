"""What leaves the program beside label maps: DICOM-SEG, surfaces, tables of sizes."""

from isegformer.exports.dicom_seg import write_dicom_seg
from isegformer.exports.measurement import ObjectSize, measure_objects, sizes_as_csv
from isegformer.exports.meshes import write_surface
from isegformer.exports.registry import (
    EXPORT_FORMATS,
    Annotation,
    ExportFormat,
    export,
    export_each,
    format_of,
)
from isegformer.exports.surface import Surface, surface_of

__all__ = [
    "EXPORT_FORMATS",
    "Annotation",
    "ExportFormat",
    "ObjectSize",
    "Surface",
    "export",
    "export_each",
    "format_of",
    "measure_objects",
    "sizes_as_csv",
    "surface_of",
    "write_dicom_seg",
    "write_surface",
]
