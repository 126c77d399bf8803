"""A user's cases from what stands on the command line.

Each argument is one of

- `VOLUME=LABELS`: a volume and a label map on its grid, complete or drawn on some slices;
- `VOLUME=SESSION`: a volume and the folder of a session on it; its accepted slices count;
- a session folder alone, where the volume lies in it or beside it;
- a folder of labelled data in a form that training knows, see docs/datasets.md.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from isegformer.adaptation.case import AdaptationCase, labelled_case
from isegformer.datasets import LabelledSlice, LabelledVolume, open_cases
from isegformer.errors import DatasetError, IsegformerError
from isegformer.session import JOURNAL_NAME, read_annotations, session_volume_sha256
from isegformer.volume import Geometry, Volume, Window, read_label_map, read_volume

SEPARATOR = "="
"""Stands between a volume and its labels."""

FOLDER_FORMS = ("volumes", "slices")
"""Forms of folders that are tried, in this order."""


def read_cases(arguments: Sequence[str], *, axis: int | None = None) -> list[AdaptationCase]:
    """Return all cases that the arguments name.

    Parameters
    ----------
    axis : across which label maps were drawn on some slices; None finds out

    Raises
    ------
    DatasetError : an argument names nothing that can be learned from
    VolumeReadError, JournalError, SessionMismatchError : a file or session cannot be used
    """
    return [case for argument in arguments for case in _cases_of(argument, axis=axis)]


def _cases_of(argument: str, *, axis: int | None) -> Iterator[AdaptationCase]:
    path = Path(argument)
    if not path.exists() and SEPARATOR in argument:
        volume, labels = (Path(part) for part in argument.split(SEPARATOR, 1))
        yield _pair(volume, labels, axis=axis)
    elif (path / JOURNAL_NAME).is_file():
        yield _session_case(path, _volume_of_session(path), name=path.name)
    elif path.is_dir():
        yield from _folder_cases(path, axis=axis)
    else:
        raise DatasetError(
            f"{argument} is not a folder of cases; expected a folder, or VOLUME=LABELS, or VOLUME=SESSION"
        )


def _pair(volume_path: Path, labels_path: Path, *, axis: int | None) -> AdaptationCase:
    volume = read_volume(volume_path)
    if (labels_path / JOURNAL_NAME).is_file():
        return _session_case(labels_path, volume, name=volume_path.name)
    return labelled_case(volume, read_label_map(labels_path), name=volume_path.name, axis=axis)


def _session_case(folder: Path, volume: Volume, *, name: str) -> AdaptationCase:
    annotations = read_annotations(folder, volume)
    if not annotations.accepted:
        raise DatasetError(f"the session in {folder} has no accepted slice; accept some, then adapt")
    return AdaptationCase(
        name=name,
        volume=volume,
        window=annotations.window,
        labels=annotations.label_map.labels,
        known=annotations.accepted,
    )


def _volume_of_session(folder: Path) -> Volume:
    """Return the volume that a session was made on, from its folder or the one that holds it."""
    expected = session_volume_sha256(folder)
    for place in (folder, folder.parent):
        for path in sorted(place.iterdir()):
            if path == folder or path.name == JOURNAL_NAME:
                continue
            volume = _readable(path)
            if volume is not None and volume.sha256 == expected:
                return volume
    raise DatasetError(
        f"the volume of the session in {folder} is neither in it nor beside it; name both, as VOLUME={folder}"
    )


def _readable(path: Path) -> Volume | None:
    """Return the volume at a path, or None where there is none; what else lies there does not matter."""
    try:
        return read_volume(path)
    except IsegformerError:
        return None


def _folder_cases(folder: Path, *, axis: int | None) -> Iterator[AdaptationCase]:
    """Yield the cases of a folder in the first form that it has."""
    refusals = []
    for form in FOLDER_FORMS:
        try:
            cases = open_cases(form, folder)
        except DatasetError as error:
            refusals.append(str(error))
            continue
        for number in range(len(cases.names)):
            yield _of_dataset(cases.read(number), axis=axis)
        return
    raise DatasetError(
        f"{folder} holds no cases: it is no session folder, and of none of these forms.\n"
        + "\n".join(refusals)
    )


def _of_dataset(read: LabelledVolume | LabelledSlice, *, axis: int | None) -> AdaptationCase:
    if isinstance(read, LabelledVolume):
        return labelled_case(read.volume, read.label_map, name=read.name, axis=axis)
    shape = (*read.labels.shape, 1)
    geometry = Geometry(shape, np.eye(4))
    voxels = np.round(255 * read.image).astype(np.uint8)[:, :, None]
    labels = np.where(read.ignored, 0, read.labels)[:, :, None]
    volume = Volume(voxels, geometry)
    return AdaptationCase(
        name=read.name, volume=volume, window=Window(low=0, high=255), labels=labels, known={2: (0,)}
    )
