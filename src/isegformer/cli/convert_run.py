"""What `isegformer convert` does; apart from its command so that `--help` imports nothing heavy."""

from dataclasses import dataclass
from pathlib import Path

from isegformer.cli.mask_output import check_apart, check_folder
from isegformer.cli.reporter import Reporter
from isegformer.errors import ConfigError, VolumeWriteError
from isegformer.exports import EXPORT_FORMATS, Annotation, export, export_each
from isegformer.volume import label_counts, read_label_map
from isegformer.volume.io.dicom import series_headers


@dataclass(frozen=True, kw_only=True)
class ConvertRequest:
    """What the command line asks for."""

    mask: Path
    output: Path
    """With `is_each` a folder and, as the name in it, a suffix."""
    images: Path | None
    label: int | None
    """None: all objects."""
    is_each: bool


def run_convert(request: ConvertRequest, *, reporter: Reporter) -> None:
    """Read, convert and report; raises IsegformerError where that cannot be done."""
    form = _form_of(request.output.name)
    check_folder(request.output.parent, what="the converted mask")
    if not request.is_each:
        check_apart(request.output, inputs=_inputs(request))
    if form == "dicom-seg" and request.images is None:
        raise ConfigError(
            "a DICOM-SEG refers to the images that the mask was drawn on; expected their folder as --images"
        )
    annotation = Annotation(label_map=read_label_map(request.mask), series=request.images)
    if request.label is not None:
        annotation = _only(annotation, request.label)
    elif EXPORT_FORMATS[form].holds_one_object and not request.is_each:
        _check_one_object(annotation, form)
    if request.is_each:
        files = export_each(annotation, form, request.output.parent)
    else:
        export(annotation, form, request.output)
        files = (request.output,)
    reporter.result({"files": [str(path) for path in files], "form": form})


def _inputs(request: ConvertRequest) -> list[Path]:
    """Return the files that are read, as far as the output could be one of them."""
    if request.images is None or not request.output.exists():
        return [request.mask]
    return [request.mask, *(header.path for header in series_headers(request.images))]


def _form_of(name: str) -> str:
    """Return the form that the ending of a file name means."""
    for form, details in EXPORT_FORMATS.items():
        if name.lower().endswith(details.suffix):
            return form
    known = ", ".join(details.suffix for details in EXPORT_FORMATS.values())
    raise VolumeWriteError(f"cannot convert to {name!r}, expected a name that ends in {known}")


def _check_one_object(annotation: Annotation, form: str) -> None:
    labels = _labels_of(annotation)
    if len(labels) > 1:
        raise ConfigError(
            f"a {form} file holds one object, and the mask has {labels}; choose one with --object, or write "
            "each with --each"
        )


def _labels_of(annotation: Annotation) -> list[int]:
    return [label for label in label_counts(annotation.label_map.labels) if label]


def _only(annotation: Annotation, label: int) -> Annotation:
    labels = _labels_of(annotation)
    if label not in labels:
        raise ConfigError(f"the mask holds no object {label}, expected one of: {labels}")
    return annotation.only(label)
