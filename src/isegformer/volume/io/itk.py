"""NRRD and MetaImage through SimpleITK, and the way from an ITK image to voxels [i, j, k].

ITK's world is LPS+; it becomes RAS+ in `geometry_of` and goes back in `_to_image`.
"""

# mypy: allow-untyped-calls
# SimpleITK has no annotations.

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813  # the name that its own documentation uses

from isegformer import scratch
from isegformer.errors import VolumeReadError
from isegformer.types import AnyArray
from isegformer.volume.geometry import Geometry
from isegformer.volume.io.detached import meta_stored_size, nrrd_stored_size
from isegformer.volume.io.limits import StoredSize, check_claimed_size
from isegformer.volume.label_map import LabelMap
from isegformer.volume.orientation import flip_lps_ras
from isegformer.volume.volume import Volume

sitk.ProcessObject.SetGlobalWarningDisplay(
    False
)  # ITK writes its warnings to stderr; errors are raised all the same

_BYTES_PER_VALUE = 8
"""The widest pixel type; only used to bound a header's claim."""
_SEGMENT_KEY = re.compile(r"Segment(\d+)_LabelValue")


def read_nrrd(path: Path) -> Volume:
    """Read a NRRD file (.nrrd, .nhdr) with one component or RGB.

    Raises
    ------
    VolumeReadError : not a NRRD volume, truncated, or its data lies outside its folder
    """
    return _read_volume(path, image_io="NrrdImageIO", stored_size=nrrd_stored_size)


def read_meta(path: Path) -> Volume:
    """Read a MetaImage (.mha, .mhd) with one component or RGB.

    Raises
    ------
    VolumeReadError : not a MetaImage, truncated, or its data lies outside its folder
    """
    return _read_volume(path, image_io="MetaImageIO", stored_size=meta_stored_size)


def read_nrrd_names(path: Path) -> dict[int, str]:
    """Return the label names that 3D Slicer and `write_nrrd` keep in a NRRD file."""
    with errors_named(path):
        nrrd_stored_size(path)
        reader = _reader(path, image_io="NrrdImageIO")
        reader.ReadImageInformation()
    names = {}
    for key in reader.GetMetaDataKeys():
        match = _SEGMENT_KEY.fullmatch(key)
        name_key = f"Segment{match.group(1)}_Name" if match else ""
        if match and reader.HasMetaDataKey(name_key) and reader.GetMetaData(key).strip().isdecimal():
            names[int(reader.GetMetaData(key))] = reader.GetMetaData(name_key)
    return names


def write_nrrd(label_map: LabelMap, path: Path) -> None:
    """Write labels as compressed NRRD; names become segments as 3D Slicer reads them."""
    sitk.WriteImage(_segments(label_map), str(path), useCompression=True, imageIO="NrrdImageIO")


def write_plain_nrrd(label_map: LabelMap, path: Path) -> None:
    """Write labels as NRRD without compression, for programs that map the voxels as they are."""
    sitk.WriteImage(_segments(label_map), str(path), useCompression=False, imageIO="NrrdImageIO")


def _segments(label_map: LabelMap) -> sitk.Image:
    """Return the labels with the names of the objects.

    Source: 3D Slicer, vtkMRMLSegmentationStorageNode, custom fields Segment{N}_{ID,Name,LabelValue,Layer}.
    """
    image = _to_image(label_map)
    for number, (label, name) in enumerate(sorted(label_map.names.items())):
        prefix = f"Segment{number}_"
        image.SetMetaData(prefix + "ID", f"Segment_{label}")
        image.SetMetaData(prefix + "Name", " ".join(name.split()))  # a line break would end the field
        image.SetMetaData(prefix + "LabelValue", str(label))
        image.SetMetaData(prefix + "Layer", "0")
    return image


def write_meta(label_map: LabelMap, path: Path) -> None:
    """Write labels as compressed MetaImage; .mhd too is one file, as two cannot be replaced at once."""
    embedded = path.with_name(path.name + ".mha")  # ITK puts the data beside the header for every other name
    try:
        sitk.WriteImage(_to_image(label_map), str(embedded), useCompression=True, imageIO="MetaImageIO")
        embedded.replace(path)
    finally:
        embedded.unlink(missing_ok=True)


@contextmanager
def errors_named(path: Path) -> Iterator[None]:
    """Turn what SimpleITK and NumPy raise on bad files into a VolumeReadError with the path."""
    try:
        yield
    except Exception as error:
        reason = str(error).strip().splitlines()[-1:] or [
            type(error).__name__
        ]  # ITK's last line has the cause
        raise VolumeReadError(f"{path} cannot be read: {reason[0]}") from error


def read_image(path: Path, *, image_io: str, stored: StoredSize | None) -> sitk.Image:
    """Read a file with one of ITK's formats, after its claimed size was checked.

    The format is fixed by the caller: ITK would otherwise choose it by content, and a picture could turn
    out to be a header that names other files.

    Raises
    ------
    VolumeReadError : the claimed size is impossible
    RuntimeError : SimpleITK cannot read the file
    """
    reader = _reader(path, image_io=image_io)
    reader.ReadImageInformation()
    channels = reader.GetNumberOfComponents()
    check_claimed_size(
        tuple(reader.GetSize()),
        bytes_per_voxel=_value_bytes(reader.GetPixelID()) * channels,
        stored=stored,
    )
    image: sitk.Image = reader.Execute()
    return image


def size_of(path: Path, *, image_io: str) -> tuple[int, ...]:
    """Return the lengths of the axes that the header of a file claims, columns first; nothing else is read.

    Raises
    ------
    VolumeReadError : the header cannot be read
    """
    with errors_named(path):
        reader = _reader(path, image_io=image_io)
        reader.ReadImageInformation()
        return tuple(reader.GetSize())


def voxels_of(image: sitk.Image) -> AnyArray:
    """Return a copy of the voxels of an ITK image of 2 to 4 dimensions as (I, J, K) or (I, J, K, 3).

    Raises
    ------
    VolumeReadError : a fourth dimension longer than 1, complex values, or channels that are not RGB
    """
    channels = image.GetNumberOfComponentsPerPixel()
    size = image.GetSize()
    if any(length != 1 for length in size[3:]):
        raise VolumeReadError(
            f"image has {len(size)} dimensions {size}, expected 3: split off one volume and open it"
        )
    array = sitk.GetArrayViewFromImage(image)
    is_rgb = array.dtype == np.uint8 and channels in (3, 4)
    if not (is_rgb or channels == 1) or array.dtype.kind not in "iuf":
        raise VolumeReadError(
            f"image has {channels} channels of {array.dtype}, expected 1 channel of numbers or RGB of uint8"
        )
    i, j, k = (*size, 1, 1)[:3]
    if not is_rgb:
        return scratch.copy(array.reshape(k, j, i).transpose(2, 1, 0))
    return scratch.copy(array.reshape(k, j, i, channels).transpose(2, 1, 0, 3)[..., :3])  # alpha is dropped


def geometry_of(image: sitk.Image) -> Geometry:
    """Return the grid of an ITK image of 2 to 4 dimensions; missing axes get 1 mm along the world axis."""
    dimension = image.GetDimension()
    used = min(dimension, 3)
    direction = np.array(image.GetDirection()).reshape(dimension, dimension)[:used, :used]
    affine = np.eye(4)
    affine[:used, :used] = direction * np.array(image.GetSpacing()[:used])
    affine[:used, 3] = image.GetOrigin()[:used]
    i, j, k = (*image.GetSize(), 1, 1)[:3]
    return Geometry((i, j, k), flip_lps_ras(affine))


def _read_volume(path: Path, *, image_io: str, stored_size: Callable[[Path], StoredSize]) -> Volume:
    """Read a file that carries its grid."""
    with errors_named(path):
        image = read_image(path, image_io=image_io, stored=stored_size(path))
        return Volume(voxels_of(image), geometry_of(image))


def _reader(path: Path, *, image_io: str) -> sitk.ImageFileReader:
    """Return a reader for one file and one format; nothing is read yet."""
    reader = sitk.ImageFileReader()
    reader.SetImageIO(image_io)
    reader.SetFileName(str(path))
    return reader


def _value_bytes(pixel_id: int) -> int:
    """Return the bytes of one channel; 8 for types that have no plain size here."""
    name = sitk.GetPixelIDValueAsString(pixel_id)
    match = re.search(r"(8|16|32|64)[- ]bit", name)
    return int(match.group(1)) // 8 if match else _BYTES_PER_VALUE


def _to_image(label_map: LabelMap) -> sitk.Image:
    """Return the labels as an ITK image with the same grid, uint8 where they fit, else uint16."""
    labels = label_map.labels
    data = scratch.converted(labels, np.uint8 if labels.max() <= 255 else np.uint16)
    image = sitk.GetImageFromArray(data.transpose(2, 1, 0))
    geometry = label_map.geometry
    lps = flip_lps_ras(geometry.affine)
    image.SetSpacing(geometry.spacing_mm)
    image.SetDirection((lps[:3, :3] / np.array(geometry.spacing_mm)).ravel().tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    return image
