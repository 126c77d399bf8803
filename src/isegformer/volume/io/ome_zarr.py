"""OME-Zarr (NGFF 0.4 in Zarr 2, NGFF 0.5 in Zarr 3) and plain Zarr arrays.

The first dataset of the first multiscale image is read, which has the highest resolution. voxels[i, j, k] is
the value at x = i, y = j, z = k. NGFF does not say where an image lies in a patient: it is placed like a
stack of images, x to the left, y to the back, z to the head.

Source: NGFF 0.4 and 0.5, "multiscales" metadata.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice, product
from math import isfinite, prod
from pathlib import Path
from typing import Any, Literal

import numpy as np

from isegformer import scratch
from isegformer.errors import DependencyError, GeometryError, SpacingMissingError, VolumeReadError
from isegformer.types import AnyArray
from isegformer.volume.geometry import Geometry
from isegformer.volume.io.zarr_folder import ZarrFolder, is_zarr_folder
from isegformer.volume.io.zarr_metadata import Json, StoredArray, read_array_metadata
from isegformer.volume.orientation import flip_lps_ras
from isegformer.volume.volume import Volume

__all__ = ["content_of", "is_zarr_folder", "read"]

MM_PER_UNIT = {
    "picometer": 1e-9,
    "angstrom": 1e-7,
    "nanometer": 1e-6,
    "micrometer": 1e-3,
    "millimeter": 1.0,
    "centimeter": 10.0,
    "decimeter": 100.0,
    "meter": 1000.0,
    "inch": 25.4,
    "foot": 304.8,
}
"""Units of NGFF that a volume can have."""

_VERSIONS = {2: ("0.4", None), 3: ("0.5",)}
"""Of NGFF by version of Zarr; 0.4 need not be stated."""

_PLAIN_AXES = ("t", "c", "z", "y", "x")

Spacing = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class _Axis:
    """An axis of the array and where its voxels lie."""

    name: str
    is_channel: bool
    step_mm: float = 1.0
    start_mm: float = 0.0


def content_of(path: Path) -> Literal["image", "array", "group"]:
    """Return what a folder of Zarr holds: an OME-Zarr image, a plain array, or a group of others.

    Raises
    ------
    VolumeReadError : its metadata are missing or damaged
    """
    with _errors_named(path):
        ome = _ome(_opened_folder(path))
    if ome is None:
        return "array"
    return "image" if ome[0].get("multiscales") else "group"


def read(path: Path, *, spacing_mm: Spacing | None = None) -> Volume:
    """Read an OME-Zarr image or a plain Zarr array; chunks that are missing hold the fill value.

    Parameters
    ----------
    spacing_mm : along x, y, z; for arrays that are not part of an OME-Zarr image only

    Raises
    ------
    VolumeReadError : neither, damaged, or something that is not read here
    SpacingMissingError : an array without a spacing
    GeometryError : a spacing for an OME-Zarr image, or one that is not above 0
    DependencyError : the package zarr is not installed
    """
    if spacing_mm is not None and not all(isfinite(step) and step > 0 for step in spacing_mm):
        raise GeometryError(f"spacing is {spacing_mm} mm, expected three numbers above 0")
    with _errors_named(path):
        if not path.is_dir():
            raise VolumeReadError("it is a file, expected the folder of a Zarr group or array")
        folder = _opened_folder(path)
        multiscale = _multiscale(folder)
        array = read_array_metadata(
            folder if multiscale is None else folder.below(_first_dataset(multiscale))
        )
    if multiscale is not None and spacing_mm is not None:
        raise GeometryError(f"spacing_mm was given for {path}, which carries its own spacing: leave it out")
    with _errors_named(path):
        if multiscale is None:
            axes = _plain_axes(array, spacing_mm)
        else:
            axes = _placed(_axes(multiscale, array), multiscale)
        return _volume(array, axes)


@contextmanager
def _errors_named(path: Path) -> Iterator[None]:
    """Turn what zarr, codecs and NumPy raise on bad content into a VolumeReadError with the path."""
    try:
        yield
    except DependencyError:
        raise
    except Exception as error:
        reason = str(error).strip() or type(error).__name__
        kind = SpacingMissingError if isinstance(error, SpacingMissingError) else VolumeReadError
        raise kind(f"{path} cannot be read as Zarr: {reason}") from error


def _opened_folder(path: Path) -> ZarrFolder:
    return ZarrFolder(root=path.resolve(), path=path.resolve())


def _ome(folder: ZarrFolder) -> tuple[Json, int] | None:
    """Return what a group says of its images, and its version of Zarr; None for an array."""
    node = folder.read_json("zarr.json")
    if node is not None:
        is_array = node.get("node_type") == "array"
        return None if is_array else (_object(_object(node, "attributes"), "ome"), 3)
    if folder.find(".zarray") is not None:
        return None
    if folder.find(".zgroup") is not None:
        return folder.read_json(".zattrs") or {}, 2
    raise VolumeReadError("it holds no zarr.json, .zgroup or .zarray, expected a Zarr group or array")


def _multiscale(folder: ZarrFolder) -> Json | None:
    """Return the metadata of the first image of a group; None for an array."""
    ome = _ome(folder)
    if ome is None:
        return None
    content, zarr_version = ome
    images = content.get("multiscales")
    if not isinstance(images, list) or not images or not isinstance(images[0], dict):
        raise VolumeReadError(
            f"it is a group without a multiscale image, expected an OME-Zarr image: open one of the images "
            f"or arrays in it{_listed(folder)}"
        )
    version = (images[0] if zarr_version == 2 else content).get("version")
    if version not in _VERSIONS[zarr_version]:
        raise VolumeReadError(
            f"it is OME-Zarr {str(version)[:20]!r} in Zarr {zarr_version}, expected 0.4 in Zarr 2 or 0.5 in "
            "Zarr 3: convert it to one of these"
        )
    return images[0]


def _listed(folder: ZarrFolder) -> str:
    """Return the folders in a group for a message."""
    names = sorted(p.name for p in islice(folder.path.iterdir(), 1000) if p.is_dir() and p.name[0] != ".")
    return f", such as {', '.join(names[:5])}" if names else ""


def _first_dataset(multiscale: Json) -> str:
    path = _dataset(multiscale).get("path")
    if not isinstance(path, str):
        raise VolumeReadError("the first dataset of the image has no path")
    return path


def _dataset(multiscale: Json) -> Json:
    """Return the metadata of the dataset with the highest resolution, which is the first one."""
    datasets = multiscale.get("datasets")
    if not isinstance(datasets, list) or not datasets or not isinstance(datasets[0], dict):
        raise VolumeReadError("the image has no datasets, expected at least one")
    return datasets[0]


def _axes(multiscale: Json, array: StoredArray) -> list[_Axis]:
    """Return the axes of an image in the order of its array, with the length of one unit as their step."""
    listed = multiscale.get("axes")
    if not isinstance(listed, list) or len(listed) != len(array.shape):
        raise VolumeReadError(f"the image does not name {len(array.shape)} axes, as many as its array has")
    axes = []
    for axis in listed:
        name = axis.get("name") if isinstance(axis, dict) else None
        if not isinstance(name, str):
            raise VolumeReadError("an axis of the image has no name")
        unit = axis.get("unit", "millimeter") if name in ("x", "y", "z") else "millimeter"
        if not isinstance(unit, str) or unit not in MM_PER_UNIT:
            raise VolumeReadError(
                f"axis {name} has the unit {str(unit)[:50]!r}, expected one of {', '.join(MM_PER_UNIT)}"
            )
        is_channel = name == "c" or (name not in ("x", "y", "z") and axis.get("type") == "channel")
        axes.append(_Axis(name=name, is_channel=is_channel, step_mm=MM_PER_UNIT[unit]))
    return axes


def _placed(axes: list[_Axis], multiscale: Json) -> list[_Axis]:
    """Return axes with their steps and starts: the dataset's transformations come first, then the image's."""
    own = _transformations(_dataset(multiscale), len(axes))
    if not any(kind == "scale" for kind, _ in own):
        raise VolumeReadError("the first dataset of the image has no scale")
    steps, starts = np.ones(len(axes)), np.zeros(len(axes))
    for kind, values in [*own, *_transformations(multiscale, len(axes))]:
        if kind == "scale":
            steps, starts = steps * values, starts * values
        else:
            starts = starts + values
    return [
        replace(axis, step_mm=float(step) * axis.step_mm, start_mm=float(start) * axis.step_mm)
        for axis, step, start in zip(axes, steps, starts, strict=True)
    ]


def _transformations(content: Json, n_axes: int) -> list[tuple[str, AnyArray]]:
    """Return scales and translations with their numbers, one for each axis."""
    listed = content.get("coordinateTransformations", [])
    if not isinstance(listed, list) or len(listed) > 10:
        raise VolumeReadError("coordinateTransformations are no list of up to 10")
    result = []
    for entry in listed:
        kind = entry.get("type") if isinstance(entry, dict) else None
        if kind not in ("scale", "translation"):
            raise VolumeReadError(f"image is placed by {str(kind)[:50]!r}, expected scale and translation")
        values = entry.get(kind)
        is_list = isinstance(values, list) and len(values) == n_axes
        if not is_list or not all(_is_number(value) and (kind != "scale" or value > 0) for value in values):
            expected = f"{n_axes} numbers{' above 0' if kind == 'scale' else ''}"
            raise VolumeReadError(f"{kind} is {str(values)[:100]}, expected {expected}")
        result.append((kind, np.array(values, dtype=np.float64)))
    return result


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _plain_axes(array: StoredArray, spacing_mm: Spacing | None) -> list[_Axis]:
    """Return the axes of an array that does not belong to an image: x is the last one unless it says else."""
    if spacing_mm is None:
        raise SpacingMissingError(
            "it is a plain array, which does not say how far apart its voxels are: "
            "pass spacing_mm=(along x, along y, along z), in mm; for commands --spacing"
        )
    names = array.axis_names or ()
    if not {"x", "y"} <= set(names):
        names = _PLAIN_AXES[-len(array.shape) :]
    steps = dict(zip("xyz", spacing_mm, strict=True))
    return [_Axis(name=name, is_channel=name == "c", step_mm=steps.get(name, 1.0)) for name in names]


def _volume(array: StoredArray, axes: list[_Axis]) -> Volume:
    """Read the voxels and put them into their place."""
    places = {axis.name: place for place, axis in enumerate(axes)}
    if len(places) < len(axes) or not {"x", "y"} <= set(places):
        raise VolumeReadError(f"axes are {list(places)}, expected x, y and z, each once")
    colours = [place for place, axis in enumerate(axes) if _is_rgb(axis, array.shape[place], array)]
    kept = [places[name] for name in "xyz" if name in places] + colours[:1]
    for place in set(range(len(axes))) - set(kept):
        if array.shape[place] != 1:
            raise VolumeReadError(
                f"axis {axes[place].name[:50]} has length {array.shape[place]}, expected 1 (or 3 for uint8 "
                "colours): save one time point or channel by itself and open that"
            )
    voxels = _voxels(array, kept)
    if "z" not in places:
        voxels = np.expand_dims(voxels, 2)
    spatial = [axes[places[name]] if name in places else _Axis(name="z", is_channel=False) for name in "xyz"]
    lps = np.diag([*(axis.step_mm for axis in spatial), 1.0])
    lps[:3, 3] = [axis.start_mm for axis in spatial]
    i, j, k = voxels.shape[:3]
    return Volume(voxels, Geometry((i, j, k), flip_lps_ras(lps)))


def _is_rgb(axis: _Axis, length: int, array: StoredArray) -> bool:
    return axis.is_channel and length == 3 and array.dtype == np.uint8


def _voxels(array: StoredArray, kept: list[int]) -> AnyArray:
    """Return the values with the kept axes in their order, read part by part; the others have length 1."""
    stored = _opened(array)
    dtype = np.dtype(np.float32) if array.dtype == np.float16 else array.dtype  # few programs know float16
    voxels = scratch.zeros(tuple(array.shape[place] for place in kept), dtype, order="F")
    dropped = tuple(place for place in range(len(array.shape)) if place not in kept)
    left = [place for place in range(len(array.shape)) if place in kept]
    order = [left.index(place) for place in kept]
    for part in _parts(array):
        values = np.asarray(stored[part])
        voxels[tuple(part[place] for place in kept)] = values.squeeze(dropped).transpose(order)
    return voxels


def _opened(array: StoredArray) -> Any:
    try:
        from isegformer.volume.io.zarr_store import opened  # noqa: PLC0415  optional, and slow to import
    except ImportError as error:
        raise DependencyError(
            "the package zarr, which reads Zarr, is not installed; run: pip install 'isegformer[zarr]'"
        ) from error
    return opened(array)


def _parts(array: StoredArray) -> Iterator[tuple[slice, ...]]:
    """Yield indices that cut an array into whole chunks, as many at once as make a slab."""
    steps = list(array.chunks)
    for axis in reversed(range(len(steps))):
        n_fit = scratch.SLAB_BYTES // (prod(steps) * array.dtype.itemsize)
        steps[axis] *= max(1, min(n_fit, -(-array.shape[axis] // steps[axis])))
    starts = (range(0, length, step) for length, step in zip(array.shape, steps, strict=True))
    for corner in product(*starts):
        yield tuple(slice(start, start + step) for start, step in zip(corner, steps, strict=True))


def _object(content: Json, name: str) -> Json:
    """Return a part of metadata; empty if it is left out."""
    value = content.get(name, {})
    if not isinstance(value, dict):
        raise VolumeReadError(f"{name} are {type(value).__name__}, expected an object")
    return value
