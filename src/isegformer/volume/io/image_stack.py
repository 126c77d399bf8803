"""PNG, TIFF, JPEG and BMP: one image as a volume of one slice, a folder of numbered images as a volume.

voxels[i, j, k] is the pixel in column i and row j of image k, as ITK and DICOM count. Such files do not
say where they lie in a patient: columns run to the left, rows to the back, images
to the head, from (0, 0, 0).
"""

import re
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from isegformer import scratch
from isegformer.errors import GeometryError, SpacingMissingError, VolumeReadError
from isegformer.types import AnyArray
from isegformer.volume.geometry import Geometry
from isegformer.volume.io.itk import errors_named, read_image, voxels_of
from isegformer.volume.io.limits import StoredSize, check_claimed_size
from isegformer.volume.io.tiff_pages import check_pages
from isegformer.volume.orientation import flip_lps_ras
from isegformer.volume.volume import Volume

IMAGE_IO = {
    ".png": "PNGImageIO",
    ".tif": "TIFFImageIO",
    ".tiff": "TIFFImageIO",
    ".jpg": "JPEGImageIO",
    ".jpeg": "JPEGImageIO",
    ".bmp": "BMPImageIO",
}
"""Suffix -> ITK's name of the format."""

_BEGINNINGS = {
    b"\x89PNG": "PNGImageIO",
    b"II*\0": "TIFFImageIO",
    b"MM\0*": "TIFFImageIO",
    b"II+\0": "TIFFImageIO",
    b"MM\0+": "TIFFImageIO",
    b"\xff\xd8": "JPEGImageIO",
    b"BM": "BMPImageIO",
}
"""First bytes of a file -> ITK's name of its format."""

Spacing = tuple[float, float, float]
_NUMBERED = re.compile(r"(.*?)(\d+)(\D*)", re.DOTALL)


def read_image_file(path: Path, *, spacing_mm: Spacing | None = None) -> Volume:
    """Read a grey or RGB image as a volume (width, height, 1); a TIFF of several pages gives one slice each.

    RGB without any colour counts as grey.

    Parameters
    ----------
    spacing_mm : between columns, rows and images; 1 mm each if left out. Resolution marks in the file are
        not used: they state how large to print

    Raises
    ------
    VolumeReadError : damaged, truncated or neither grey nor RGB
    GeometryError : a spacing that is not above 0
    """
    voxels = _grey_if_equal(_read_pixels(path))
    return Volume(voxels, _geometry(voxels.shape, spacing_mm or (1.0, 1.0, 1.0)))


def are_one_stack(names: Sequence[str]) -> bool:
    """Whether images are named as those of one stack: numbered, and but for the number alike.

    Examples
    --------
    >>> are_one_stack(["slice_1.png", "slice_2.png"]), are_one_stack(["front.png", "back.png"])
    (True, False)
    """
    paths = [Path(name) for name in names]
    matches = [_NUMBERED.fullmatch(path.stem) for path in paths]
    kinds = {match and (match.group(1), match.group(3)) for match in matches}
    return None not in kinds and len(kinds) == 1 and len({path.suffix.lower() for path in paths}) == 1


def find_images(folder: Path) -> list[Path]:
    """Return the images directly in a folder in the order of the last number in their names.

    Raises
    ------
    VolumeReadError : names without a number or with different texts around it, several formats, a number
        twice, or a gap in the numbers
    """
    paths = [p for p in folder.iterdir() if p.suffix.lower() in IMAGE_IO and not p.name.startswith(".")]
    matches = {path: _NUMBERED.fullmatch(path.stem) for path in paths}
    plain = sorted(path.name for path, match in matches.items() if match is None)
    if plain:
        raise VolumeReadError(
            f"{folder}: {plain[0]} has no number, expected a stack numbered like slice_001.png"
        )
    numbers = {path: int(match.group(2)) for path, match in matches.items() if match is not None}
    patterns = {(m.group(1), m.group(3), p.suffix.lower()) for p, m in matches.items() if m is not None}
    if len(patterns) > 1:
        shown = sorted(f"{before}#{after}{suffix}" for before, after, suffix in patterns)[:4]
        raise VolumeReadError(
            f"{folder} has {len(patterns)} kinds of image names {shown}, expected one stack"
        )
    ordered = sorted(paths, key=lambda path: numbers[path])
    _check_numbers(folder, [numbers[path] for path in ordered])
    return ordered


def read_image_stack(folder: Path, *, spacing_mm: Spacing | None) -> Volume:
    """Read a folder of numbered images (slice_2 before slice_10) as a volume (width, height, images).

    Parameters
    ----------
    spacing_mm : between columns, rows and images

    Raises
    ------
    SpacingMissingError : no spacing
    VolumeReadError : images that do not form one stack (see `find_images`), or of different size, type or
        channels
    GeometryError : a spacing that is not above 0
    """
    paths = find_images(folder)
    if spacing_mm is None:
        raise SpacingMissingError(
            f"{folder} is a stack of {len(paths)} images, which do not say how far apart their pixels are: "
            "pass spacing_mm=(between columns, between rows, between images), in mm; for commands --spacing"
        )
    first = _read_pixels(paths[0])
    depth = first.shape[2]  # more than one where each image has several pages
    check_claimed_size((*first.shape[:2], depth * len(paths)), bytes_per_voxel=1, stored=None)
    shape = (*first.shape[:2], depth * len(paths), *first.shape[3:])
    voxels = scratch.zeros(shape, first.dtype, order="F")
    for place, path in enumerate(paths):
        pixels = first if place == 0 else _read_pixels(path)
        if pixels.shape != first.shape or pixels.dtype != first.dtype:
            raise VolumeReadError(
                f"{path} is {pixels.dtype} {pixels.shape}, expected {first.dtype} {first.shape} "
                f"as in {paths[0].name}: a stack has one size and type"
            )
        voxels[:, :, place * depth : (place + 1) * depth] = pixels
    voxels = _grey_if_equal(voxels)
    return Volume(voxels, _geometry(voxels.shape, spacing_mm))


def _read_pixels(path: Path) -> AnyArray:
    """Return (I, J, K) or (I, J, K, 3); K is 1 but for TIFFs of several pages."""
    image_io = IMAGE_IO[path.suffix.lower()]
    with errors_named(path):
        _check_kind(path, image_io)
        if image_io == "JPEGImageIO":
            _check_jpeg_is_complete(path.read_bytes())
        if image_io == "BMPImageIO":
            _check_bmp_is_complete(path.read_bytes())
        if image_io == "TIFFImageIO":
            check_pages(path)
        stored = StoredSize(file_bytes=path.stat().st_size, is_compressed=True)
        return voxels_of(read_image(path, image_io=image_io, stored=stored))


def _check_kind(path: Path, image_io: str) -> None:
    """Refuse a picture of another kind than its name says."""
    with path.open("rb") as file:
        start = file.read(4)
    actual = next((kind for mark, kind in _BEGINNINGS.items() if start.startswith(mark)), image_io)
    if actual != image_io:
        name = actual.removesuffix("ImageIO")
        raise VolumeReadError(
            f"the file is a {name}, which its name does not say; end its name in .{name.lower()}"
        )


def _check_jpeg_is_complete(data: bytes) -> None:
    """Refuse a truncated JPEG, which ITK would fill with grey: the last scan must reach the end mark."""
    scan = data.rfind(b"\xff\xda")
    if scan < 0 or data.find(b"\xff\xd9", scan) < 0:
        raise VolumeReadError("the JPEG is truncated or not a JPEG: it has no end mark")


def _check_bmp_is_complete(data: bytes) -> None:
    """Refuse a truncated BMP, which ITK would fill with black: the rows must fit behind the header."""
    if len(data) < 34 or data[:2] != b"BM":
        raise VolumeReadError("the BMP is truncated or not a BMP: it has no header")
    offset, _, width, height, _, bits, compression = struct.unpack_from("<IIiiHHI", data, 10)
    row_bytes = (abs(width) * bits + 31) // 32 * 4
    if compression == 0 and offset + row_bytes * abs(height) > len(data):
        raise VolumeReadError(
            f"the BMP is truncated: it has {len(data)} bytes, expected {offset + row_bytes * abs(height)}"
        )


def _grey_if_equal(voxels: AnyArray) -> AnyArray:
    """Return one channel of an RGB volume without any colour; ITK gives a grey BMP three equal channels."""
    is_rgb = voxels.ndim == 4
    if is_rgb and all((part == part[..., :1]).all() for part in (voxels[s] for s in scratch.slabs(voxels))):
        return voxels[..., 0]
    return voxels


def _check_numbers(folder: Path, numbers: Sequence[int]) -> None:
    """Refuse numbers that occur twice and steps that are not even."""
    steps = np.diff(numbers)
    for place in np.flatnonzero(steps != (steps.min() if steps.size else 0)).tolist():
        raise VolumeReadError(
            f"{folder}: after image {numbers[place]} comes {numbers[place + 1]}, expected "
            f"{numbers[place] + int(steps.min())}: an image is missing"
        )
    if steps.size and steps.min() == 0:
        raise VolumeReadError(f"{folder}: the number {numbers[0]} occurs twice, expected each once")


def _geometry(shape: Sequence[int], spacing_mm: Spacing) -> Geometry:
    """Return the grid of images that only have a spacing."""
    if len(spacing_mm) != 3 or not all(np.isfinite(step) and step > 0 for step in spacing_mm):
        raise GeometryError(f"spacing is {spacing_mm} mm, expected three numbers above 0")
    return Geometry((shape[0], shape[1], shape[2]), flip_lps_ras(np.diag([*spacing_mm, 1.0])))
