"""Objects to click on: found in a data folder once, then read one at a time.

Of slices, every label value is one object. Volumes are cut: each object on its largest slice across an axis,
or on slices that are given.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from isegformer.datasets import LabelledSlice, LabelledVolume
from isegformer.errors import ConfigError, DatasetError
from isegformer.evaluation.data_folder import DataFolder, OpenFolder, open_folder
from isegformer.evaluation.records import RecordKey
from isegformer.slicing import Plane, slice_view
from isegformer.types import FloatArray, Labels, Mask, ProgressCallback
from isegformer.volume import Geometry, Window, apply_window, default_window

LabelledCase: TypeAlias = LabelledSlice | LabelledVolume

_ON_PLANE = re.compile(r"(?P<case>.*) axis (?P<axis>[012]) slice (?P<index>\d+)")
"""Name of an image that is a slice of a volume."""


@dataclass(frozen=True, kw_only=True)
class ObjectChoice:
    """Which objects of a folder count."""

    labels: tuple[int, ...] = ()
    """Values that are objects; none given means all."""
    ignored_label: int | None = None
    """Value of pixels without a known class."""
    least_area_px: int = 1
    """Smaller objects do not count."""
    axis: int | None = None
    """Across which volumes are cut; None takes the axis with the coarsest spacing, of equal ones the last."""
    at: tuple[int, ...] = ()
    """Indices of the slices of volumes; none given means each object's largest."""
    only_last: bool = False
    """Only the object with the largest label of every image counts, as in the published code of RITM."""
    limit: int | None = None
    """At most this many objects of each folder, drawn by `seed`."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.least_area_px < 1:
            raise ConfigError(f"least area is {self.least_area_px} px, expected at least 1")
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"limit is {self.limit} objects, expected at least 1")
        if self.axis not in (None, 0, 1, 2):
            raise ConfigError(f"axis is {self.axis}, expected 0, 1 or 2")
        if any(not 1 <= label <= 65535 for label in self.labels):
            raise ConfigError(f"labels are {list(self.labels)}, expected values from 1 to 65535")


@dataclass(frozen=True, kw_only=True)
class ClickObject:
    """Where an object lies."""

    dataset: str
    case: str
    """Name of the case in its folder."""
    plane: Plane | None
    """Slice of the volume; None where the case is a slice."""
    label: int

    @property
    def image_name(self) -> str:
        """Return the name of the image that the object is on."""
        if self.plane is None:
            return self.case
        return f"{self.case} axis {self.plane.axis} slice {self.plane.index}"


def object_of(key: RecordKey) -> ClickObject:
    """Return where the object of a record lies; inverse of `ClickObject.image_name`."""
    match = _ON_PLANE.fullmatch(key.case)
    if match is None:
        return ClickObject(dataset=key.dataset, case=key.case, plane=None, label=key.label)
    plane = Plane(axis=int(match["axis"]), index=int(match["index"]))
    return ClickObject(dataset=key.dataset, case=match["case"], plane=plane, label=key.label)


@dataclass(frozen=True, kw_only=True, eq=False)
class ClickCase:
    """One object on one slice, ready to be clicked."""

    object: ClickObject
    image: FloatArray
    """(H, W) or (H, W, 3), in [0, 1]."""
    target: Mask
    """(H, W), the object."""
    ignored: Mask
    """(H, W), pixels without a known class."""


@dataclass(frozen=True, kw_only=True)
class FoundObjects:
    """The objects of a folder, by case, label and plane, and the cases that cannot be used."""

    objects: tuple[ClickObject, ...]
    problems: dict[str, str]
    """Case, and what is wrong with it; of the folder as a whole under the empty name."""


def find_objects(
    folder: DataFolder, choice: ObjectChoice, *, on_progress: ProgressCallback = lambda done, total: None
) -> FoundObjects:
    """Return the objects of a folder that count; each case is read once. Nothing wrong in it is raised."""
    try:
        opened = open_folder(folder)
    except DatasetError as error:
        return FoundObjects(objects=(), problems={"": str(error)})
    found: list[ClickObject] = []
    problems = dict(opened.missing)
    n_cases = len(opened.cases.names)
    for number, name in enumerate(opened.cases.names):
        try:
            found.extend(_objects_of(opened.cases.read(number), name, folder=folder, choice=choice))
        except Exception as error:  # noqa: BLE001  whatever is wrong with a case, the others can be measured
            problems[name] = str(error) or type(error).__name__
        on_progress(number + 1, n_cases)
    if not found and not problems:
        problems[""] = f"{folder.path} holds no object of at least {choice.least_area_px} px"
    return FoundObjects(objects=_drawn(found, choice), problems=problems)


class CaseReader:
    """Reads the objects of some folders; keeps the case that it read last, since objects come by case."""

    def __init__(self, folders: Sequence[DataFolder], choice: ObjectChoice) -> None:
        self._folders = {folder.name: folder for folder in folders}
        self._choice = choice
        self._opened: dict[str, OpenFolder] = {}
        self._key: tuple[str, str] | None = None
        self._case: tuple[LabelledCase, Window | None] | None = None

    def read(self, item: ClickObject) -> ClickCase:
        """Return an object with its image.

        Raises
        ------
        DatasetError : the case has changed since its objects were found, or is damaged
        """
        case, window = self._read_case(item)
        if isinstance(case, LabelledSlice):
            image, labels, ignored = case.image, case.labels, case.ignored
        else:
            assert item.plane is not None
            assert window is not None
            labels = slice_view(case.label_map.labels, item.plane)
            image = apply_window(slice_view(case.volume.voxels, item.plane), window)
            ignored = np.zeros(labels.shape, np.bool_)
        if self._choice.ignored_label is not None:
            ignored = ignored | (labels == self._choice.ignored_label)
        target = np.asarray((labels == item.label) & ~ignored)
        if not target.any():
            raise DatasetError(f"label {item.label} is no longer in {item.image_name} of {item.dataset}")
        return ClickCase(object=item, image=image, target=target, ignored=ignored)

    def _read_case(self, item: ClickObject) -> tuple[LabelledCase, Window | None]:
        key = (item.dataset, item.case)
        if self._key != key or self._case is None:
            if item.dataset not in self._opened:
                self._opened[item.dataset] = open_folder(self._folders[item.dataset])
            cases = self._opened[item.dataset].cases
            if item.case not in cases.names:
                raise DatasetError(f"case {item.case!r} is no longer in {self._folders[item.dataset].path}")
            case = cases.read(cases.names.index(item.case))
            window = default_window(case.volume) if isinstance(case, LabelledVolume) else None
            self._key, self._case = key, (case, window)
        return self._case


def coarsest_axis(geometry: Geometry) -> int:
    """Return the axis across which a scanner made the slices: the coarsest, of equal ones the last."""
    spacing = [round(value, 3) for value in geometry.spacing_mm]  # stored affines are rounded to 32 bits
    return max(range(3), key=lambda axis: (spacing[axis], axis))


def _objects_of(
    case: LabelledCase, name: str, *, folder: DataFolder, choice: ObjectChoice
) -> list[ClickObject]:
    """Return the objects of a case; DatasetError where it has none at all, whatever their area."""
    labels = case.labels if isinstance(case, LabelledSlice) else case.label_map.labels
    values = [int(value) for value in np.unique(labels) if _is_object(int(value), choice)]
    if not values:
        wanted = f" with one of the labels {', '.join(map(str, choice.labels))}" if choice.labels else ""
        raise DatasetError(f"case {name!r} has no object{wanted}")
    found = []
    for plane, on_plane in _planes(case, values, choice=choice):
        view = labels if plane is None else slice_view(labels, plane)
        area = {value: int(np.count_nonzero(view == value)) for value in on_plane}
        large = [value for value in on_plane if area[value] >= choice.least_area_px]
        for value in large[-1:] if choice.only_last else large:
            found.append(ClickObject(dataset=folder.name, case=name, plane=plane, label=value))
    return sorted(
        found, key=lambda item: item.label
    )  # stable, so that the planes of a label keep their order


def _planes(
    case: LabelledCase, values: Sequence[int], *, choice: ObjectChoice
) -> Iterator[tuple[Plane | None, list[int]]]:
    """Yield the planes of a case and the labels to look for on each, both rising."""
    if isinstance(case, LabelledSlice):
        yield None, list(values)
        return
    labels = case.label_map.labels
    axis = coarsest_axis(case.volume.geometry) if choice.axis is None else choice.axis
    by_index: dict[int, list[int]] = {index: list(values) for index in choice.at}
    if not choice.at:
        for value in values:
            by_index.setdefault(_largest_slice(labels, value, axis=axis), []).append(value)
    for index in sorted(by_index):
        if not 0 <= index < labels.shape[axis]:
            raise DatasetError(
                f"there is no slice {index} across axis {axis}, expected 0 to {labels.shape[axis] - 1}"
            )
        yield Plane(axis=axis, index=index), by_index[index]


def _largest_slice(labels: Labels, value: int, *, axis: int) -> int:
    others = tuple(other for other in range(3) if other != axis)
    return int(np.count_nonzero(labels == value, axis=others).argmax())


def _is_object(value: int, choice: ObjectChoice) -> bool:
    return value not in (0, choice.ignored_label) and (not choice.labels or value in choice.labels)


def _drawn(found: Sequence[ClickObject], choice: ObjectChoice) -> tuple[ClickObject, ...]:
    """Return at most `limit` objects, in the order in which they were found."""
    if choice.limit is None or choice.limit >= len(found):
        return tuple(found)
    numbers = np.random.default_rng(choice.seed).permutation(len(found))[: choice.limit]
    return tuple(found[number] for number in sorted(numbers))
