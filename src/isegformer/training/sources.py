"""Folders of labelled data, as slices with objects.

A source is either `images/` + `labels/` (pairs of equal stem; label images hold 0 for background and one
value per object) or `<case>_image.nii.gz` + `<case>_label.nii.gz` (a volume and its label map on one grid).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from isegformer.errors import DatasetError
from isegformer.slicing import Plane, slice_view
from isegformer.training.config import RunConfig, SourceConfig
from isegformer.types import AnyArray, FloatArray, Labels
from isegformer.volume import apply_window, read_label_map, read_volume, window_from_percentiles

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")


@dataclass(frozen=True, kw_only=True)
class LabelledSlice:
    """A slice and the objects on it."""

    name: str
    """Case, and axis and index where the case is a volume."""
    image: FloatArray
    """(H, W) or (H, W, 3), in [0, 1]."""
    labels: Labels
    """(H, W), 0 is background."""
    ignored: AnyArray
    """bool, (H, W), pixels without a known class."""


class SliceSource(Protocol):
    """Draws labelled slices, alone or as clips of neighbours."""

    def __len__(self) -> int:
        """Return the number of cases."""
        ...

    def draw(self, rng: np.random.Generator) -> LabelledSlice:
        """Draw a case, and of a volume a slice with objects."""
        ...

    def draw_clip(self, rng: np.random.Generator, *, length: int, longest_gap: int) -> list[LabelledSlice]:
        """Draw `length` slices in order, the first with objects; of a single image, `length` times itself."""
        ...


def open_sources(config: RunConfig, *, data_root: Path) -> list[SliceSource]:
    """Return the sources of a run; DatasetError says which folder is not of the expected form."""
    sources = []
    for source in config.train:
        cases = None
        if config.index_file is not None:
            cases = read_split(data_root / config.index_file, folder=source.path, split=config.split)
        sources.append(open_source(source, data_root=data_root, cases=cases))
    return sources


def source_probabilities(config: RunConfig) -> FloatArray:
    """Return the share of samples of each source, summing to 1."""
    weights = np.array([source.weight for source in config.train])
    if not weights.sum() > 0:
        raise DatasetError("all source weights are 0, expected at least one above")
    return np.asarray(weights / weights.sum())


def open_source(config: SourceConfig, *, data_root: Path, cases: Sequence[str] | None = None) -> SliceSource:
    """Return the source in a folder, restricted to `cases` where they are given.

    Raises
    ------
    DatasetError : the folder does not have the form that `config` names, or a case is missing
    """
    return SOURCES[config.form](data_root / config.path, config=config, cases=cases)


def read_split(index_file: Path, *, folder: str, split: str) -> list[str]:
    """Return the cases of one split of one folder from a JSON file {folder: {split: [case, ...]}}."""
    try:
        index = json.loads(index_file.read_text(encoding="utf-8"))
        return [str(case) for case in index[folder][split]]
    except (OSError, json.JSONDecodeError) as error:
        raise DatasetError(f"cannot read the index {index_file}: {error}") from error
    except (KeyError, TypeError) as error:
        raise DatasetError(f"the index {index_file} has no split {split!r} of {folder!r}") from error


class SliceFolder:
    """`images/` + `labels/`: every case is a 2-D image."""

    def __init__(self, folder: Path, *, config: SourceConfig, cases: Sequence[str] | None = None) -> None:
        images = {
            path.stem: path for path in _listed(folder / "images") if path.suffix.lower() in IMAGE_SUFFIXES
        }
        labels = {path.stem: path for path in _listed(folder / "labels")}
        paired = sorted(set(images) & set(labels))
        self._config = config
        self._pairs = [(images[name], labels[name]) for name in _chosen(paired, cases, folder)]

    def __len__(self) -> int:
        """Return the number of cases."""
        return len(self._pairs)

    def read(self, number: int) -> LabelledSlice:
        """Read one case; DatasetError names the file that cannot be read."""
        image_path, label_path = self._pairs[number]
        image, labels = read_image(image_path), _read_pixels(label_path)
        if labels.ndim != 2 or image.shape[:2] != labels.shape:
            raise DatasetError(
                f"{label_path} has shape {labels.shape}, expected the size of its image, {image.shape[:2]}"
            )
        return _labelled(image_path.stem, image, labels, config=self._config)

    def draw(self, rng: np.random.Generator) -> LabelledSlice:
        """Draw a case."""
        return self.read(int(rng.integers(len(self._pairs))))

    def draw_clip(self, rng: np.random.Generator, *, length: int, longest_gap: int) -> list[LabelledSlice]:
        """Draw a case and repeat it; there is no neighbour, so `longest_gap` does not matter."""
        del longest_gap
        return [self.draw(rng)] * length


class VolumeFolder:
    """`<case>_image.nii.gz` + `<case>_label.nii.gz`: a case is a volume, a sample one of its slices."""

    def __init__(self, folder: Path, *, config: SourceConfig, cases: Sequence[str] | None = None) -> None:
        ending = "_image.nii.gz"
        found = sorted(
            path.name.removesuffix(ending) for path in _listed(folder) if path.name.endswith(ending)
        )
        self._config = config
        self._folder = folder
        self._cases = _chosen(found, cases, folder)
        # A volume is read once and kept as 8-bit intensities: 12 abdomens take 30 MB.
        self._volume = lru_cache(maxsize=256)(self._read_volume)

    def __len__(self) -> int:
        """Return the number of cases."""
        return len(self._cases)

    def draw(self, rng: np.random.Generator) -> LabelledSlice:
        """Draw a case, an axis and a slice that holds an object of sufficient size."""
        return self.draw_clip(rng, length=1, longest_gap=1)[0]

    def draw_clip(self, rng: np.random.Generator, *, length: int, longest_gap: int) -> list[LabelledSlice]:
        """Draw a slice with objects and `length` - 1 further ones in one direction, 1 to `longest_gap` apart.

        A clip that would leave the volume stays on its last slice.
        """
        case = self._cases[int(rng.integers(len(self._cases)))]
        axis = int(rng.choice(self._config.axes))
        image, labels, indices = self._volume(case)
        if not len(indices[axis]):
            raise DatasetError(
                f"{self._folder / case}: no slice across axis {axis} holds a large enough object"
            )
        first = int(rng.choice(indices[axis]))
        steps = rng.choice([-1, 1]) * rng.integers(1, longest_gap + 1, size=length - 1)
        numbers = np.clip(first + np.concatenate([[0], np.cumsum(steps)]), 0, labels.shape[axis] - 1)
        return [
            _labelled(
                f"{case} axis {axis} slice {number}",
                np.float32(1 / 255) * slice_view(image, Plane(axis=axis, index=int(number))),
                slice_view(labels, Plane(axis=axis, index=int(number))),
                config=self._config,
            )
            for number in numbers
        ]

    def _read_volume(self, case: str) -> tuple[AnyArray, Labels, list[AnyArray]]:
        """Return 8-bit intensities, labels, and per axis the slices that hold an object."""
        volume = read_volume(self._folder / f"{case}_image.nii.gz")
        label_map = read_label_map(self._folder / f"{case}_label.nii.gz")
        if not volume.geometry.is_close(label_map.geometry):
            raise DatasetError(f"{self._folder / case}: image and label map lie on different grids")
        windowed = apply_window(volume.voxels, window_from_percentiles(volume.voxels))
        least = self._config.least_area_px
        indices = [_slices_with_objects(label_map.labels, axis, least) for axis in range(3)]
        return (windowed * 255).round().astype(np.uint8), label_map.labels, indices


SOURCES: dict[str, type[SliceFolder] | type[VolumeFolder]] = {"slices": SliceFolder, "volumes": VolumeFolder}
"""Kinds of folders by the name that a recipe gives them."""


def read_image(path: Path) -> FloatArray:
    """Read a 2-D image as (H, W) or (H, W, 3) RGB in [0, 1]; 16-bit ones are scaled by their own range."""
    pixels = _read_pixels(path)
    if pixels.ndim == 3:
        pixels = pixels[..., 2::-1]  # OpenCV stores blue, green, red, and perhaps alpha
    if pixels.dtype == np.uint8:
        return np.float32(1 / 255) * pixels
    return apply_window(pixels, window_from_percentiles(pixels))


def _read_pixels(path: Path) -> AnyArray:
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise DatasetError(f"{path} is not an image that can be read; repair it or take it out of the folder")
    return np.asarray(pixels)


def _labelled(name: str, image: FloatArray, labels: AnyArray, *, config: SourceConfig) -> LabelledSlice:
    ignored = np.zeros(labels.shape, dtype=bool)
    if config.ignored_label is not None:
        ignored = labels == config.ignored_label
    known = np.where(ignored, 0, labels).astype(np.uint16)
    return LabelledSlice(name=name, image=image, labels=known, ignored=ignored)


def _slices_with_objects(labels: Labels, axis: int, least_area_px: int) -> AnyArray:
    """Return the indices along `axis` of slices on which some object has at least `least_area_px` pixels."""
    others = tuple(other for other in range(3) if other != axis)
    values = [value for value in np.unique(labels) if value]
    areas = [np.count_nonzero(labels == value, axis=others) for value in values]
    return np.flatnonzero(np.max(areas, axis=0) >= least_area_px) if areas else np.empty(0, int)


def _listed(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DatasetError(
            f"{folder} is not a folder; expected images/<name>.png + labels/<name>.png, "
            "or <case>_image.nii.gz + <case>_label.nii.gz"
        )
    return sorted(folder.iterdir())


def _chosen(found: Sequence[str], cases: Sequence[str] | None, folder: Path) -> list[str]:
    if not found:
        raise DatasetError(f"{folder} holds no pair of image and label; expected equal stems in both")
    if cases is None:
        return list(found)
    if missing := sorted(set(cases) - set(found)):
        raise DatasetError(f"{folder} lacks {len(missing)} cases of the split, the first is {missing[0]!r}")
    return list(cases)
