"""Registry: which reader and writer a path belongs to. A new format is one file and one line in FORMATS."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from isegformer import scratch
from isegformer.atomic import replace_atomically
from isegformer.errors import GeometryError, VolumeReadError, VolumeWriteError, WriteError
from isegformer.types import AnyArray, Labels, PathLike
from isegformer.volume.io import dicom, image_stack, itk, nifti, ome_zarr
from isegformer.volume.io.dicom_headers import is_dicom_file
from isegformer.volume.label_map import MAX_LABEL, LabelMap
from isegformer.volume.volume import Volume

Spacing = tuple[float, float, float]
_WHOLE = 1e-4
"""Largest distance of a stored label from a whole number; scale factors in headers are rounded."""


def _no_names(path: Path) -> dict[int, str]:
    """Return the label names of formats that keep none."""
    return {}


@dataclass(frozen=True, kw_only=True)
class VolumeFormat:
    """One kind of file."""

    suffixes: tuple[str, ...]
    """Lower case, with the dot."""
    read: Callable[[Path], Volume]
    write: Callable[[LabelMap, Path], None] | None = None
    """None: masks cannot be written in this format."""
    read_names: Callable[[Path], dict[int, str]] = _no_names
    read_spaced: Callable[..., Volume] | None = None
    """For formats that may carry no spacing: takes (path, spacing_mm=...)."""


FORMATS = (
    VolumeFormat(suffixes=(".nii", ".nii.gz"), read=nifti.read, write=nifti.write),
    VolumeFormat(
        suffixes=(".nrrd",), read=itk.read_nrrd, write=itk.write_nrrd, read_names=itk.read_nrrd_names
    ),
    VolumeFormat(suffixes=(".nhdr",), read=itk.read_nrrd, read_names=itk.read_nrrd_names),
    VolumeFormat(suffixes=(".mha", ".mhd"), read=itk.read_meta, write=itk.write_meta),
    VolumeFormat(suffixes=(".dcm", ".dicom", ".ima"), read=dicom.read_file),
    VolumeFormat(
        suffixes=tuple(image_stack.IMAGE_IO),
        read=image_stack.read_image_file,
        read_spaced=image_stack.read_image_file,
    ),
    VolumeFormat(suffixes=(".zarr",), read=ome_zarr.read, read_spaced=ome_zarr.read),
)


def read_volume(path: PathLike, *, spacing_mm: Spacing | None = None) -> Volume:
    """Read a volume: a file of a known format, a folder of Zarr, with one DICOM series or with
    numbered images.

    Parameters
    ----------
    spacing_mm : between voxels along i, j, k, for images (PNG, TIFF, JPEG, BMP), stacks of them and plain
        Zarr arrays only; i counts the columns and j the rows of an image

    Raises
    ------
    VolumeReadError : there is nothing that can be read, or it is damaged; the message says what and where
    SpacingMissingError : it does not say how far apart its voxels are, and `spacing_mm` was left out
    GeometryError : a spacing for a format that has its own, or one that is not above 0
    DependencyError : the format needs a package that is not installed
    """
    return _reader_for(Path(path), spacing_mm)()


def read_label_map(path: PathLike) -> LabelMap:
    """Read a mask in any format that `read_volume` knows; values must be whole numbers from 0 to 65535.

    Raises
    ------
    VolumeReadError : as in `read_volume`, or values that are no labels (negative, fractions, NaN, RGB)
    """
    volume = read_volume(path)
    if volume.is_rgb:
        raise VolumeReadError(f"{path} is an RGB image, expected a label map with one number per voxel")
    found = _format_of(Path(path))
    names = found.read_names(Path(path)) if found else {}
    known = {label: name for label, name in names.items() if 1 <= label <= MAX_LABEL}
    return LabelMap(_as_labels(volume.voxels, path), volume.geometry, known)


def write_label_map(label_map: LabelMap, path: PathLike) -> None:
    """Write a mask as .nii, .nii.gz, .nrrd, .mha or .mhd (one file), on the exact grid of its volume.

    Values are uint8 where they fit, else uint16. NRRD keeps the label names. The file is written beside
    `path`, read back and compared, and only then put in place.

    Raises
    ------
    VolumeWriteError : an unknown suffix or a failed write; a file that stood at `path` is intact
    """
    found = _format_of(Path(path))
    if found is None or found.write is None:
        known = ", ".join(suffix for entry in FORMATS if entry.write for suffix in entry.suffixes)
        raise VolumeWriteError(
            f"cannot write a mask as {Path(path).name!r}, expected a name that ends in {known}"
        )
    try:
        with replace_atomically(path) as temporary:
            found.write(label_map, temporary)
            _check_written(found.read(temporary), label_map)
    except WriteError as error:
        raise VolumeWriteError(str(error)) from error


def _reader_for(path: Path, spacing_mm: Spacing | None) -> Callable[[], Volume]:
    """Choose the reader of a path and give it what it needs."""
    try:
        if path.is_dir():
            return _folder_reader(path, spacing_mm)
        if not path.is_file():
            raise VolumeReadError(f"{path} does not exist, expected a volume file or a folder of slices")
        if path.stat().st_size == 0:
            raise VolumeReadError(f"{path} is empty, expected a volume file; copy or export it again")
        found = _format_of(path)
        is_unnamed_dicom = found is None and is_dicom_file(path)
    except OSError as error:
        if isinstance(error, VolumeReadError):
            raise
        raise VolumeReadError(f"{path} cannot be opened: {error}") from error
    if found is not None and found.read_spaced is not None:
        return partial(found.read_spaced, path, spacing_mm=spacing_mm)
    _refuse_spacing(path, spacing_mm)
    if found is not None:
        return partial(found.read, path)
    if is_unnamed_dicom:
        return partial(dicom.read_file, path)
    known = ", ".join(suffix for entry in FORMATS for suffix in entry.suffixes)
    raise VolumeReadError(
        f"{path.name!r} is no known kind of volume, expected {known}, or a folder of slices"
    )


def _folder_reader(folder: Path, spacing_mm: Spacing | None) -> Callable[[], Volume]:
    """Choose between Zarr, a DICOM series and an image stack by what lies in the folder."""
    if ome_zarr.is_zarr_folder(folder):
        return partial(ome_zarr.read, folder, spacing_mm=spacing_mm)
    files = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    has_images = any(path.suffix.lower() in image_stack.IMAGE_IO for path in files)
    if any(is_dicom_file(path) for path in files):
        _refuse_spacing(folder, spacing_mm)
        return partial(dicom.read_dicom_series, folder)
    if has_images:
        return partial(image_stack.read_image_stack, folder, spacing_mm=spacing_mm)
    raise VolumeReadError(
        f"{folder} holds {len(files)} files, none of them DICOM or PNG, TIFF, JPEG, BMP; "
        "expected the slices of a volume directly in the folder"
    )


def _format_of(path: Path) -> VolumeFormat | None:
    """Return the format of a file name; None if the suffix is unknown."""
    name = path.name.lower()
    return next((entry for entry in FORMATS if name.endswith(entry.suffixes)), None)


def _refuse_spacing(path: Path, spacing_mm: Spacing | None) -> None:
    """Raise GeometryError where a spacing was given for something that carries its own."""
    if spacing_mm is not None:
        raise GeometryError(f"spacing_mm was given for {path}, which carries its own spacing: leave it out")


def _as_labels(voxels: AnyArray, path: PathLike) -> Labels:
    """Convert voxels to labels, or say what keeps them from being labels."""
    if voxels.dtype.kind == "f":
        voxels = _whole(voxels, path)
    low, high = voxels.min(), voxels.max()
    if low < 0 or high > MAX_LABEL:
        raise VolumeReadError(f"{path} holds values from {low} to {high}, expected 0 to {MAX_LABEL}")
    labels: Labels = scratch.converted(voxels, np.uint16)
    return labels


def _whole(voxels: AnyArray, path: PathLike) -> AnyArray:
    """Return fractions rounded; VolumeReadError unless all but a rounding error is whole."""
    whole = scratch.zeros(voxels.shape, voxels.dtype, order=scratch.order_of(voxels))
    for slab in scratch.slabs(voxels):
        part = voxels[slab]
        if not np.isfinite(part).all():
            raise VolumeReadError(
                f"{path} holds NaN or infinity, expected whole numbers from 0 to {MAX_LABEL}"
            )
        whole[slab] = np.rint(part)
        if np.abs(part - whole[slab]).max() > _WHOLE:
            raise VolumeReadError(f"{path} holds fractions, expected whole numbers from 0 to {MAX_LABEL}")
    return whole


def _check_written(written: Volume, label_map: LabelMap) -> None:
    """Refuse a file that does not say what it should: some libraries do not notice a full disk."""
    geometry = label_map.geometry
    rounding = 1e-6 * float(np.abs(geometry.affine).max())  # NIfTI keeps 24 bits of each number
    tolerance_mm = 0.01 * min(geometry.spacing_mm) + rounding
    labels = label_map.labels
    if written.voxels.shape != labels.shape or not all(
        np.array_equal(written.voxels[slab], labels[slab]) for slab in scratch.slabs(labels)
    ):
        raise VolumeWriteError("the file reads back with other labels than were written")
    if not written.geometry.is_close(geometry, tolerance_mm):
        raise VolumeWriteError("the file reads back with another grid than was written")
