"""Cases: what a data folder holds, read one at a time; and forms: how such a folder is laid out."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np

from isegformer.errors import (
    GeometryError,
    ShapeMismatchError,
    UnreadableCaseError,
    VolumeReadError,
)
from isegformer.types import FloatArray, Labels, Mask
from isegformer.volume import LabelMap, Volume


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelledSlice:
    """A slice and the objects on it; without labels, all of it is background.

    Raises
    ------
    ShapeMismatchError : labels or ignored pixels have another size than the image
    """

    name: str
    """Case, and axis and index where the case is a volume."""
    image: FloatArray
    """(H, W) or (H, W, 3), in [0, 1]."""
    labels: Labels
    """(H, W), 0 is background."""
    ignored: Mask
    """(H, W), pixels without a known class; their label is 0."""

    def __post_init__(self) -> None:
        size = self.image.shape[:2]
        for kind, array in (("labels", self.labels), ("ignored pixels", self.ignored)):
            if array.shape != size:
                raise ShapeMismatchError(
                    f"{kind} have shape {array.shape}, expected that of the image, {size}"
                )


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelledVolume:
    """A volume and the objects in it; without labels, all of it is background.

    Raises
    ------
    GeometryError : volume and label map lie on different grids
    """

    name: str
    volume: Volume
    label_map: LabelMap

    def __post_init__(self) -> None:
        if not self.volume.geometry.is_close(self.label_map.geometry):
            raise GeometryError(
                f"image and label map lie on different grids: shapes {self.volume.geometry.shape} and "
                f"{self.label_map.geometry.shape}, or other affines"
            )


@dataclass(frozen=True, kw_only=True)
class SliceCases:
    """The 2-D cases of a folder; nothing is read before it is asked for."""

    names: tuple[str, ...]
    read_named: Callable[[str], LabelledSlice]
    """Reads the case of a name."""
    incomplete: Mapping[str, str] = field(default_factory=dict)
    """What lies in the folder but is no case, by name, and what is missing of it."""

    def read(self, number: int) -> LabelledSlice:
        """Read case `number`; UnreadableCaseError names it where it is damaged."""
        with errors_named(self.names[number]):
            return self.read_named(self.names[number])


@dataclass(frozen=True, kw_only=True)
class VolumeCases:
    """The volumes of a folder; nothing is read before it is asked for."""

    names: tuple[str, ...]
    read_named: Callable[[str], LabelledVolume]
    """Reads the case of a name."""
    incomplete: Mapping[str, str] = field(default_factory=dict)
    """What lies in the folder but is no case, by name, and what is missing of it."""

    def read(self, number: int) -> LabelledVolume:
        """Read case `number`; UnreadableCaseError names it where it is damaged."""
        with errors_named(self.names[number]):
            return self.read_named(self.names[number])


Cases: TypeAlias = SliceCases | VolumeCases


@dataclass(frozen=True, kw_only=True)
class Form:
    """One way to lay out a data folder."""

    name: str
    """What a recipe calls it."""
    tree: str
    """The expected folder, as a person would draw it."""
    open: Callable[[Path, str], Cases]
    """Takes folder and split; a form without splits of its own ignores them. DatasetError: another form."""


def unlabelled_slice(name: str, image: FloatArray) -> LabelledSlice:
    """Return an image without objects."""
    size = image.shape[:2]
    return LabelledSlice(
        name=name, image=image, labels=np.zeros(size, np.uint16), ignored=np.zeros(size, np.bool_)
    )


def unlabelled_volume(name: str, volume: Volume) -> LabelledVolume:
    """Return a volume without objects."""
    labels = np.zeros(volume.geometry.shape, np.uint16)
    return LabelledVolume(name=name, volume=volume, label_map=LabelMap(labels, volume.geometry))


@contextmanager
def errors_named(name: str) -> Iterator[None]:
    """Turn what goes wrong while a case is read into an UnreadableCaseError that names it."""
    try:
        yield
    except (GeometryError, ShapeMismatchError, UnreadableCaseError, VolumeReadError) as error:
        raise UnreadableCaseError(f"case {name!r} cannot be used: {error}") from error
