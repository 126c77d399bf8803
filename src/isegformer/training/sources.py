"""Sources of samples: labelled slices drawn at random from the cases of data folders."""

from pathlib import Path
from typing import Protocol

import numpy as np

from isegformer.datasets import LabelledSlice, SliceCases, VolumeCases, open_cases, read_split
from isegformer.errors import DatasetError
from isegformer.slicing import Plane, slice_view
from isegformer.training.config import RunConfig, SourceConfig
from isegformer.training.object_labels import object_labels, with_object_labels
from isegformer.training.prepared_volume import PreparedVolume, VolumeCache, prepared
from isegformer.types import FloatArray


class SliceSource(Protocol):
    """Draws labelled slices, alone or as clips of neighbours; UnreadableCaseError names a damaged case."""

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
        names = None
        if config.index_file is not None:
            names = read_split(data_root / config.index_file, folder=source.path, split=config.split)
        cases = open_cases(source.form, data_root / source.path, cases=names, split=config.split)
        sources.append(source_of(cases, config=source))
    return sources


def source_of(cases: SliceCases | VolumeCases, *, config: SourceConfig) -> SliceSource:
    """Return what draws from cases, be they images or volumes."""
    if isinstance(cases, VolumeCases):
        return VolumeSource(cases, config=config)
    return ImageSource(cases, config=config)


def source_probabilities(config: RunConfig) -> FloatArray:
    """Return the share of samples of each source, summing to 1."""
    weights = np.array([source.weight for source in config.train])
    if not weights.sum() > 0:
        raise DatasetError("all source weights are 0, expected at least one above")
    return np.asarray(weights / weights.sum())


class ImageSource:
    """Every case is a 2-D image."""

    def __init__(self, cases: SliceCases, *, config: SourceConfig) -> None:
        self._cases = cases
        self._config = config

    def draw(self, rng: np.random.Generator) -> LabelledSlice:
        """Draw a case."""
        number = int(rng.integers(len(self._cases.names)))
        return with_object_labels(self._cases.read(number), config=self._config)

    def draw_clip(self, rng: np.random.Generator, *, length: int, longest_gap: int) -> list[LabelledSlice]:
        """Draw a case and repeat it; there is no neighbour, so `longest_gap` does not matter."""
        del longest_gap
        return [self.draw(rng)] * length


class VolumeSource:
    """Every case is a volume, a sample one of its slices."""

    def __init__(self, cases: VolumeCases, *, config: SourceConfig) -> None:
        self._cases = cases
        self._config = config
        self._volumes = VolumeCache(self._prepared)

    def draw(self, rng: np.random.Generator) -> LabelledSlice:
        """Draw a case, an axis and a slice that holds an object of sufficient size."""
        return self.draw_clip(rng, length=1, longest_gap=1)[0]

    def draw_clip(self, rng: np.random.Generator, *, length: int, longest_gap: int) -> list[LabelledSlice]:
        """Draw a slice with objects and `length` - 1 further ones in one direction, 1 to `longest_gap` apart.

        A clip that would leave the volume stays on its last slice.

        Raises
        ------
        DatasetError : no slice of the volume across the axis that was drawn holds a large enough object
        """
        number = int(rng.integers(len(self._cases.names)))
        axis = int(rng.choice(self._config.axes))
        volume = self._volumes.get(number)
        if not len(volume.starts[axis]):
            raise DatasetError(
                f"case {volume.name!r} in {self._config.path}: no slice across axis {axis} that may be used "
                "holds a large enough object; take the case out of the split, or lower least_area_px"
            )
        first = int(rng.choice(volume.starts[axis]))
        steps = rng.choice([-1, 1]) * rng.integers(1, longest_gap + 1, size=length - 1)
        indices = np.clip(first + np.concatenate([[0], np.cumsum(steps)]), 0, volume.labels.shape[axis] - 1)
        return [self._slice(volume, Plane(axis=axis, index=int(index))) for index in indices]

    def _slice(self, volume: PreparedVolume, plane: Plane) -> LabelledSlice:
        labels, ignored = object_labels(slice_view(volume.labels, plane), config=self._config)
        return LabelledSlice(
            name=f"{volume.name} axis {plane.axis} slice {plane.index}",
            image=np.float32(1 / 255) * slice_view(volume.image, plane),
            labels=labels,
            ignored=ignored,
        )

    def _prepared(self, number: int) -> PreparedVolume:
        return prepared(self._cases.read(number), config=self._config)
