"""Objects of volumes to segment: found in a data folder once, then read one at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isegformer.datasets import LabelledVolume, VolumeCases
from isegformer.errors import ConfigError, DatasetError
from isegformer.evaluation.cases import coarsest_axis
from isegformer.evaluation.data_folder import DataFolder, OpenFolder, open_folder
from isegformer.evaluation.volume_protocol import VolumeCase
from isegformer.types import ProgressCallback
from isegformer.volume import Window, default_window
from isegformer.volume.label_map import MAX_LABEL


@dataclass(frozen=True, kw_only=True)
class VolumeObjectChoice:
    """Which objects of a folder count, and how its volumes are cut."""

    labels: tuple[int, ...] = ()
    """Values that are objects, all of which a case must have; none given means all that it has."""
    axis: int | None = None
    """Across which slices are given; None takes that with the coarsest spacing, of equal ones the last."""
    limit: int | None = None
    """At most this many objects of each folder, drawn by `seed`."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.axis not in (None, 0, 1, 2):
            raise ConfigError(f"axis is {self.axis}, expected 0, 1 or 2")
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"limit is {self.limit} objects, expected at least 1")
        if any(not 1 <= label <= MAX_LABEL for label in self.labels):
            raise ConfigError(f"labels are {list(self.labels)}, expected values from 1 to {MAX_LABEL}")


@dataclass(frozen=True, kw_only=True)
class VolumeObject:
    """Where an object lies."""

    dataset: str
    case: str
    """Name of the case in its folder."""
    label: int
    """0: the case as a whole, where it cannot be used."""


@dataclass(frozen=True, kw_only=True)
class FoundVolumeObjects:
    """The objects of a folder, by case and label, and what cannot be used."""

    objects: tuple[VolumeObject, ...]
    problems: dict[VolumeObject, str]
    """What is wrong with a case, or with one label of it; the folder as a whole has an empty case."""


def find_volume_objects(
    folder: DataFolder,
    choice: VolumeObjectChoice,
    *,
    on_progress: ProgressCallback = lambda done, total: None,
) -> FoundVolumeObjects:
    """Return the objects of a folder that count; each case is read once. Nothing wrong in it is raised."""
    whole = VolumeObject(dataset=folder.name, case="", label=0)
    try:
        cases, missing = _open_volumes(folder)
    except DatasetError as error:
        return FoundVolumeObjects(objects=(), problems={whole: str(error)})
    found: list[VolumeObject] = []
    problems = {
        VolumeObject(dataset=folder.name, case=name, label=0): reason for name, reason in missing.items()
    }
    for number, name in enumerate(cases.names):
        try:
            labels = _labels_of(cases.read(number))
        except Exception as error:  # noqa: BLE001  whatever is wrong with a case, the others can be measured
            labels = []
            damaged = VolumeObject(dataset=folder.name, case=name, label=0)
            problems[damaged] = str(error) or type(error).__name__
        else:
            absent = [label for label in choice.labels if label not in labels]
            for label in absent:
                item = VolumeObject(dataset=folder.name, case=name, label=label)
                problems[item] = f"label {label} is not in the case, which has {labels}"
        found.extend(
            VolumeObject(dataset=folder.name, case=name, label=label)
            for label in labels
            if not choice.labels or label in choice.labels
        )
        on_progress(number + 1, len(cases.names))
    return FoundVolumeObjects(objects=_drawn(found, choice), problems=problems)


class VolumeReader:
    """Reads the objects of some folders; keeps the case that it read last, since objects come by case."""

    def __init__(self, folders: Sequence[DataFolder], choice: VolumeObjectChoice) -> None:
        self._folders = {folder.name: folder for folder in folders}
        self._axis = choice.axis
        self._opened: dict[str, VolumeCases] = {}
        self._key: tuple[str, str] | None = None
        self._case: tuple[LabelledVolume, Window] | None = None

    def read(self, item: VolumeObject) -> VolumeCase:
        """Return an object with its volume.

        Raises
        ------
        DatasetError : the case has changed since its objects were found, or is damaged
        """
        case, window = self._read_case(item)
        target = case.label_map.labels == item.label
        if not target.any():
            raise DatasetError(f"label {item.label} is no longer in {item.case} of {item.dataset}")
        axis = coarsest_axis(case.volume.geometry) if self._axis is None else self._axis
        return VolumeCase(volume=case.volume, target=np.asarray(target), axis=axis, window=window)

    def _read_case(self, item: VolumeObject) -> tuple[LabelledVolume, Window]:
        key = (item.dataset, item.case)
        if self._key != key or self._case is None:
            if item.dataset not in self._opened:
                self._opened[item.dataset], _ = _open_volumes(self._folders[item.dataset])
            cases = self._opened[item.dataset]
            if item.case not in cases.names:
                raise DatasetError(f"case {item.case!r} is no longer in {self._folders[item.dataset].path}")
            self._case = None  # before the next one needs the memory
            case = cases.read(cases.names.index(item.case))
            self._key, self._case = key, (case, default_window(case.volume))
        return self._case


def _open_volumes(folder: DataFolder) -> tuple[VolumeCases, dict[str, str]]:
    """Return the volumes of a folder and what is missing; DatasetError where it holds slices."""
    opened: OpenFolder = open_folder(folder)
    if not isinstance(opened.cases, VolumeCases):
        raise DatasetError(f"{folder.path} holds slices, expected volumes with *_image and *_label files")
    return opened.cases, opened.missing


def _labels_of(case: LabelledVolume) -> list[int]:
    """Return the labels of a case, rising; DatasetError where it has none."""
    labels = [int(value) for value in np.unique(case.label_map.labels) if value > 0]
    if not labels:
        raise DatasetError(f"case {case.name!r} has no object: all labels are 0")
    return labels


def _drawn(found: Sequence[VolumeObject], choice: VolumeObjectChoice) -> tuple[VolumeObject, ...]:
    """Return at most `limit` objects, in the order in which they were found."""
    if choice.limit is None or choice.limit >= len(found):
        return tuple(found)
    numbers = np.random.default_rng(choice.seed).permutation(len(found))[: choice.limit]
    return tuple(found[number] for number in sorted(numbers))
