"""Registry: in which forms an annotation leaves the program. A new form is one function and one line."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from isegformer.atomic import replace_atomically
from isegformer.errors import ConfigError, ExportError, VolumeWriteError, WriteError
from isegformer.exports.dicom_seg import write_dicom_seg
from isegformer.exports.measurement import measure_objects, sizes_as_csv
from isegformer.exports.meshes import write_surface
from isegformer.exports.surface import surface_of
from isegformer.types import PathLike
from isegformer.volume import LabelMap, label_counts, only_labels, write_label_map


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """What is exported."""

    label_map: LabelMap
    colours: Mapping[int, str] = field(default_factory=dict)
    """Label -> "#rrggbb"."""
    series: Path | None = None
    """The DICOM series that the volume was read from, if it was."""

    def only(self, label: int) -> "Annotation":
        """Return the same with one object, which keeps its label."""
        labels = only_labels(self.label_map.labels, [label])
        names = {key: name for key, name in self.label_map.names.items() if key == label}
        return replace(self, label_map=LabelMap(labels, self.label_map.geometry, names))


@dataclass(frozen=True, kw_only=True)
class ExportFormat:
    """One form of file."""

    suffix: str
    media_type: str
    write: Callable[[Annotation, Path], None]
    holds_one_object: bool = False
    """A file of this form holds a single object."""


def export(annotation: Annotation, form: str, path: PathLike) -> None:
    """Write an annotation to one file.

    Raises
    ------
    ConfigError : no such form
    ExportError : the form cannot hold it: several objects as one surface, DICOM-SEG without a series
    VolumeWriteError : a failed write; a file that stood at `path` is intact
    VolumeReadError : the DICOM series cannot be read
    """
    format_of(form).write(annotation, Path(path))


def export_each(annotation: Annotation, form: str, folder: PathLike) -> tuple[Path, ...]:
    """Write a file for each object that has voxels into an existing folder; return the files.

    Raises
    ------
    ConfigError, ExportError, VolumeWriteError, VolumeReadError : as `export`
    """
    chosen = format_of(form)
    paths = []
    for label in _labels_of(annotation.label_map):
        name = annotation.label_map.names.get(label, "object")
        path = Path(folder) / f"{label:03d}_{_safe(name)}{chosen.suffix}"
        chosen.write(annotation.only(label), path)
        paths.append(path)
    return tuple(paths)


def format_of(form: str) -> ExportFormat:
    """Return a form by its name; ConfigError if there is none."""
    if form not in EXPORT_FORMATS:
        raise ConfigError(f"no export form {form!r}, expected one of: {', '.join(EXPORT_FORMATS)}")
    return EXPORT_FORMATS[form]


def _labels_of(label_map: LabelMap) -> Sequence[int]:
    return [label for label in label_counts(label_map.labels) if label]


def _safe(name: str) -> str:
    """Return a name as part of a file name on any system: letters, digits, "-" and "_"."""
    return re.sub(r"[^\w-]+", "_", name, flags=re.ASCII).strip("_")[:40] or "object"


def _write_labels(annotation: Annotation, path: Path) -> None:
    write_label_map(annotation.label_map, path)


def _write_seg(annotation: Annotation, path: Path) -> None:
    if annotation.series is None:
        raise ExportError(
            "the volume does not come from DICOM images, which a DICOM-SEG must refer to; "
            "export as NIfTI, NRRD or MetaImage instead"
        )
    write_dicom_seg(annotation.label_map, annotation.series, path, colours=annotation.colours)


def _write_surface(annotation: Annotation, path: Path) -> None:
    labels = _labels_of(annotation.label_map)
    if len(labels) != 1:
        raise ExportError(
            f"a surface file holds one object, and there are {len(labels)} with voxels; choose one of them"
        )
    mask = annotation.label_map.labels == labels[0]
    write_surface(surface_of(mask, annotation.label_map.geometry), path)


def _write_sizes(annotation: Annotation, path: Path) -> None:
    try:
        with replace_atomically(path) as temporary:
            temporary.write_text(
                sizes_as_csv(measure_objects(annotation.label_map)), encoding="utf-8", newline=""
            )
    except WriteError as error:
        raise VolumeWriteError(str(error)) from error


EXPORT_FORMATS: Mapping[str, ExportFormat] = {
    "nifti": ExportFormat(suffix=".nii.gz", media_type="application/gzip", write=_write_labels),
    "nrrd": ExportFormat(suffix=".nrrd", media_type="application/octet-stream", write=_write_labels),
    "metaimage": ExportFormat(suffix=".mha", media_type="application/octet-stream", write=_write_labels),
    "dicom-seg": ExportFormat(suffix=".dcm", media_type="application/dicom", write=_write_seg),
    "stl": ExportFormat(suffix=".stl", media_type="model/stl", write=_write_surface, holds_one_object=True),
    "ply": ExportFormat(
        suffix=".ply", media_type="application/octet-stream", write=_write_surface, holds_one_object=True
    ),
    "csv": ExportFormat(suffix=".csv", media_type="text/csv; charset=utf-8", write=_write_sizes),
}
"""Every form by its name."""
