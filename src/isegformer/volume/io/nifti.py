"""NIfTI (.nii, .nii.gz) through nibabel, which keeps every affine; the reason is in docs/decisions/0002.

World coordinates of NIfTI are RAS+ already. Lengths in metres or micrometres become millimetres.
"""

# mypy: allow-untyped-calls
# nibabel has no annotations.

import gzip
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel import imageglobals
from numpy.typing import NDArray

from isegformer import scratch
from isegformer.errors import VolumeReadError
from isegformer.types import AnyArray
from isegformer.volume.geometry import Geometry, NiftiSpace
from isegformer.volume.io.limits import StoredSize, check_claimed_size
from isegformer.volume.label_map import LabelMap
from isegformer.volume.volume import Volume

# nibabel prints oddities of headers to stderr; this leaves them to the logging of the application.
imageglobals.logger.handlers[:] = [logging.NullHandler()]

_MM_PER_UNIT = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_UNIT_MM = 2
_GZIP = b"\x1f\x8b"
"""How compressed files begin; RFC 1952, 2.3.1."""
_SCANNER = 1
"""NIFTI_XFORM_SCANNER_ANAT: the code that every program takes for patient coordinates."""
_ORTHOGONAL = 1e-5
"""Largest cosine between axes that the rotation of a qform stands for; float32 headers are no better."""


def read(path: Path) -> Volume:
    """Read a NIfTI-1 or NIfTI-2 file with one component or RGB; stored scale factors are applied.

    Raises
    ------
    VolumeReadError : not a NIfTI volume, truncated, more than three dimensions, or an impossible header
    """
    with _errors_named(path):
        # Not mapped: the file may be replaced while the volume is in use. Kept open: it is read in parts, and
        # a compressed one would be read from its start for each.
        image = nib.load(path, mmap=False, keep_file_open=True)
        if not isinstance(image, nib.Nifti1Image):  # Nifti2Image is a subclass
            raise VolumeReadError(f"file holds {type(image).__name__}, expected a NIfTI volume")
        shape = _spatial_shape(tuple(int(length) for length in image.shape))
        stored = StoredSize(file_bytes=path.stat().st_size, is_compressed=path.suffix.lower() == ".gz")
        check_claimed_size(shape, bytes_per_voxel=image.get_data_dtype().itemsize, stored=stored)
        return Volume(_voxels(image, shape), _geometry(image, shape))


def write(label_map: LabelMap, path: Path) -> None:
    """Write labels as NIfTI-1, uint8 where they fit, else uint16, placed as the source of the grid was."""
    labels = label_map.labels
    data = scratch.converted(labels, np.uint8 if labels.max() <= 255 else np.uint16)
    header = nib.Nifti1Header()
    _place(header, label_map.geometry)
    header.set_data_dtype(data.dtype)
    header["intent_code"] = 1002  # NIFTI_INTENT_LABEL
    image = nib.Nifti1Image(data, None, header)
    with path.open("wb") as file:
        if path.suffix.lower() != ".gz":
            image.to_stream(file)
            return
        with gzip.GzipFile(
            "", "wb", 1, file, mtime=0
        ) as compressed:  # no name and time: equal masks, equal files
            image.to_stream(compressed)


def write_voxels(volume: Volume, path: Path) -> None:
    """Write a volume as .nii.gz for a viewer: int16 where the values fit, else float32; RGB as RGB24.

    Compressed on the fastest level; placed as the source of the grid was. The file is not flushed to disk.
    """
    header = nib.Nifti1Header()
    data = _viewer_voxels(volume.voxels)
    _place(header, volume.geometry)
    header.set_data_dtype(data.dtype)
    image = nib.Nifti1Image(data, None, header)
    with path.open("wb") as file, gzip.GzipFile("", "wb", 1, file, mtime=0) as compressed:
        image.to_stream(compressed)


def _viewer_voxels(voxels: AnyArray) -> AnyArray:
    """Return voxels in a type that every viewer knows."""
    if voxels.ndim == 4:
        records = scratch.zeros(voxels.shape[:3], [("R", "u1"), ("G", "u1"), ("B", "u1")])
        for channel, name in enumerate("RGB"):
            records[name] = voxels[..., channel]
        return records
    is_whole = voxels.dtype.kind in "iu"
    fits = is_whole and int(voxels.min()) >= -(2**15) and int(voxels.max()) < 2**15
    dtype = np.dtype(np.int16 if fits else np.float32)
    return voxels if voxels.dtype == dtype else scratch.converted(voxels, dtype)


@contextmanager
def _errors_named(path: Path) -> Iterator[None]:
    """Turn whatever nibabel, zlib and NumPy raise on bad bytes into a VolumeReadError with the path."""
    try:
        yield
    except Exception as error:
        reason = _known_fault(path, error) or str(error)
        raise VolumeReadError(f"{path} cannot be read as NIfTI: {reason}") from error


def _known_fault(path: Path, error: Exception) -> str | None:
    """Return what is wrong with a file and what to do, where its first bytes or the error tell it."""
    if isinstance(error, VolumeReadError):
        return None
    try:
        with path.open("rb") as file:
            start = file.read(len(_GZIP))
    except OSError:
        return None
    is_compressed, is_called_so = start == _GZIP, path.suffix.lower() == ".gz"
    if is_called_so and not is_compressed:
        return "the file is not compressed, which its name says; if it is NIfTI, end its name in .nii"
    if is_compressed and not is_called_so:
        return "the file is compressed, which its name does not say; end its name in .nii.gz"
    if isinstance(error, EOFError):
        return "the file ends too early; copy or export it again"
    return None


def _spatial_shape(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return three lengths; missing ones are 1, and further ones must be 1."""
    if any(length != 1 for length in shape[3:]):
        raise VolumeReadError(
            f"image has {len(shape)} dimensions {shape}, expected 3: split off one volume and open that"
        )
    i, j, k = (*shape[:3], 1, 1, 1)[:3]
    return i, j, k


def _voxels(image: nib.Nifti1Image, shape: tuple[int, int, int]) -> AnyArray:
    """Return the scaled voxels, (I, J, K) or (I, J, K, 3), read some slices at a time."""
    first = _slab(image, shape, slice(0, 1))
    voxels = scratch.zeros((*shape, *first.shape[3:]), first.dtype, order="F")
    for slices in scratch.parts(voxels, axis=2):
        voxels[:, :, slices] = _slab(image, shape, slices)
    return voxels


def _slab(image: nib.Nifti1Image, shape: tuple[int, int, int], slices: slice) -> AnyArray:
    """Return some slices in native byte order; RGB as a last axis, an alpha channel is dropped."""
    dimensions = len(image.shape)
    index = (slice(None), slice(None), slices)[:dimensions] + (slice(None),) * max(dimensions - 3, 0)
    part = np.asanyarray(image.dataobj[index])
    part = part.reshape((*shape[:2], -1), order="F")
    stored = image.get_data_dtype()
    if stored.names is not None:  # RGB24 and RGBA32 are records of bytes
        return np.stack([part[name] for name in stored.names[:3]], axis=-1)
    if part.dtype == np.float64 and stored != np.float64:
        part = part.astype(np.float32)  # float64 is nibabel's type for scaled integers
    return part.astype(part.dtype.newbyteorder("="), copy=False)


def _geometry(image: nib.Nifti1Image, shape: tuple[int, int, int]) -> Geometry:
    """Return the grid in mm together with the header fields that place it."""
    header = image.header
    unit = int(header["xyzt_units"]) & 7
    affine = np.array(image.affine, dtype=np.float64)
    affine[:3] *= _MM_PER_UNIT.get(unit, 1.0)
    space = NiftiSpace(
        sform_code=int(header["sform_code"]),
        qform_code=int(header["qform_code"]),
        srow=tuple(tuple(float(v) for v in header[f"srow_{axis}"]) for axis in "xyz"),
        quatern=(float(header["quatern_b"]), float(header["quatern_c"]), float(header["quatern_d"])),
        qoffset=(float(header["qoffset_x"]), float(header["qoffset_y"]), float(header["qoffset_z"])),
        pixdim=tuple(float(v) for v in header["pixdim"][:4]),  # type: ignore[arg-type]  # four by the slice
        space_unit=unit,
    )
    return Geometry(shape, affine, nifti_space=space)


def _place(header: nib.Nifti1Header, geometry: Geometry) -> None:
    """Fill the fields that place the grid: those of the source, or sform and qform from the affine."""
    header.set_data_shape(geometry.shape)
    space = geometry.nifti_space
    if space is None:
        _place_by_affine(header, geometry.affine)
        return
    header["xyzt_units"] = space.space_unit
    header["sform_code"], header["qform_code"] = space.sform_code, space.qform_code
    for axis, row in zip("xyz", space.srow, strict=True):
        header[f"srow_{axis}"] = row
    header["quatern_b"], header["quatern_c"], header["quatern_d"] = space.quatern
    header["qoffset_x"], header["qoffset_y"], header["qoffset_z"] = space.qoffset
    header["pixdim"][:4] = space.pixdim


def _place_by_affine(header: nib.Nifti1Header, affine: NDArray[np.float64]) -> None:
    """State the affine as sform and, where its axes are orthogonal, as qform too."""
    header.set_xyzt_units(_UNIT_MM)
    header.set_qform(affine, _SCANNER if _is_orthogonal(affine) else 0)  # sets the spacing in both cases
    header.set_sform(affine, _SCANNER)


def _is_orthogonal(affine: NDArray[np.float64]) -> bool:
    """Whether a rotation, a mirroring and a spacing describe the affine."""
    unit = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return bool(np.abs(unit.T @ unit - np.eye(3)).max() <= _ORTHOGONAL)
