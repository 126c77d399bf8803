"""A data folder that is measured on: its form, found out or named, and which of its cases count."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from isegformer.datasets import FORMS, Cases, form_named, open_cases, read_index, read_split
from isegformer.errors import ConfigError, DatasetError

DETECTED_FORMS = ("slices", "volumes")
"""Forms that a folder is recognised by; every other one has to be named."""


@dataclass(frozen=True, kw_only=True)
class CaseList:
    """The cases of one split in a file {folder: {split: [case, ...]}}, folders relative to that file."""

    index_file: Path
    split: str

    def names_in(self, folder: Path) -> list[str] | None:
        """Return the cases of a folder; None where the file does not list this split of it."""
        root = self.index_file.parent
        for key, splits in read_index(self.index_file).items():
            is_folder = (root / key).resolve() == folder.resolve()
            if is_folder and isinstance(splits, dict) and self.split in splits:
                return read_split(self.index_file, folder=key, split=self.split)
        return None


@dataclass(frozen=True, kw_only=True)
class DataFolder:
    """Where the cases of a dataset lie. Nothing is read before `open`."""

    name: str
    """What the dataset is called in results."""
    path: Path
    form: str | None = None
    """Name of its form, see `datasets.FORMS`; None finds out."""
    split: str = "val"
    """Which list of cases, of forms that bring their own."""
    case_lists: tuple[CaseList, ...] = ()
    """The first that lists the folder says which cases count; without any, all do."""

    def __post_init__(self) -> None:
        if self.form is not None:
            form_named(self.form)


@dataclass(frozen=True, kw_only=True)
class OpenFolder:
    """The cases of a data folder, none of them read yet, and those that are not there."""

    cases: Cases
    missing: dict[str, str]
    """Cases that should be there, and what is missing of them."""


def open_folder(folder: DataFolder) -> OpenFolder:
    """Return the cases of a folder that count.

    Raises
    ------
    DatasetError : the folder has no or another form, or no case, or none of the lists names it
    """
    cases = open_cases(folder.form or detect_form(folder.path), folder.path, split=folder.split)
    if not folder.case_lists:
        return OpenFolder(cases=cases, missing=dict(cases.incomplete))
    listed = _listed(folder)
    known = set(cases.names)
    missing = {
        name: cases.incomplete.get(name, f"it is listed, but not in {folder.path}")
        for name in listed
        if name not in known
    }
    return OpenFolder(
        cases=replace(cases, names=tuple(name for name in listed if name in known)), missing=missing
    )


def detect_form(path: Path) -> str:
    """Return the name of the form that a folder has, one of DETECTED_FORMS.

    Raises
    ------
    DatasetError : it has none of them; the message shows them
    """
    if (path / "images").is_dir() and (path / "labels").is_dir():
        return "slices"
    if path.is_dir() and any("_image." in file.name or "_label." in file.name for file in path.iterdir()):
        return "volumes"
    trees = "\n".join(FORMS[form].tree for form in DETECTED_FORMS)
    raise DatasetError(
        f"{path} has none of the forms that are recognised; name its form, or lay it out as\n{trees}"
    )


def parse_case_list(text: str) -> CaseList:
    """Return the list that `FILE:SPLIT` names.

    Raises
    ------
    ConfigError : no such form, or no such file

    Examples
    --------
    >>> parse_case_list("val")
    Traceback (most recent call last):
    isegformer.errors.ConfigError: list of cases is 'val', expected FILE:SPLIT, such as index.json:val
    """
    file, separator, split = text.rpartition(":")
    if not separator or not file or not split:
        raise ConfigError(f"list of cases is {text!r}, expected FILE:SPLIT, such as index.json:val")
    if not Path(file).is_file():
        raise ConfigError(f"list of cases is {text!r}, but there is no file {file}")
    return CaseList(index_file=Path(file).resolve(), split=split)


def unique_names(paths: Sequence[Path]) -> list[str]:
    """Return a short name for each path: its last part, and as many before it as tell it from the others.

    Raises
    ------
    ConfigError : a path is given twice

    Examples
    --------
    >>> unique_names([Path("/a/heart"), Path("/b/liver"), Path("/c/liver")])
    ['heart', 'b/liver', 'c/liver']
    """
    if len(set(paths)) < len(paths):
        repeated = next(path for path in paths if list(paths).count(path) > 1)
        raise ConfigError(f"{repeated} is given twice, expected different ones")
    return [
        next((name for name in _endings(path) if _is_alone(name, path, paths)), str(path)) for path in paths
    ]


def _listed(folder: DataFolder) -> list[str]:
    for case_list in folder.case_lists:
        names = case_list.names_in(folder.path)
        if names is not None:
            if not names:
                raise DatasetError(f"split {case_list.split!r} of {folder.path} lists no case")
            return names
    lists = ", ".join(f"{entry.index_file}:{entry.split}" for entry in folder.case_lists)
    raise DatasetError(f"{folder.path} is in none of the lists of cases: {lists}")


def _endings(path: Path) -> list[str]:
    """Return the last part of a path, its last two parts, and so on."""
    parts = path.parts[1:] if path.is_absolute() else path.parts
    return ["/".join(parts[start:]) for start in reversed(range(len(parts)))]


def _is_alone(name: str, path: Path, paths: Sequence[Path]) -> bool:
    return not any(name in _endings(other) for other in paths if other != path)
