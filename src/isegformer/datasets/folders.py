"""What lies in a data folder: files by the name of their case, pairs, lists of names."""

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from isegformer.datasets.images import IMAGE_SUFFIXES
from isegformer.errors import DatasetError

MAX_LIST_BYTES = 2**26
"""Largest list of names that is read."""
_PLAIN_NAME = re.compile(r"[\w][\w .+-]*")


def files_by_case(folder: Path, endings: Sequence[str] = IMAGE_SUFFIXES) -> dict[str, Path]:
    """Return the files directly in `folder` by their names without ending, sorted.

    Parameters
    ----------
    endings : lower case, the longer ones first; files with another ending and hidden ones do not count

    Raises
    ------
    DatasetError : the folder is missing, or two files have the same name but for the ending
    """
    found: dict[str, Path] = {}
    for path in sorted(_entries(folder)):
        ending = next((end for end in endings if path.name.lower().endswith(end)), None)
        if ending is None or path.name.startswith("."):
            continue
        case = path.name[: -len(ending)]
        if case in found:
            raise DatasetError(
                f"{found[case].name} and {path.name} in {folder} have the same name, expected one"
            )
        found[case] = path
    return found


def paired(images: Mapping[str, Path], labels: Mapping[str, Path]) -> dict[str, tuple[Path, Path]]:
    """Return image and label file by case, sorted; DatasetError where no name is in both."""
    pairs = {case: (images[case], labels[case]) for case in sorted(set(images) & set(labels))}
    if not pairs:
        raise DatasetError(
            f"there is no pair of image and labels of equal name ({len(images)} images, {len(labels)} labels)"
        )
    return pairs


def incomplete(images: Mapping[str, Path], labels: Mapping[str, Path]) -> dict[str, str]:
    """Return what is missing of the cases that have an image or labels, but not both; by case, sorted."""
    return {
        case: "it has an image but no labels" if case in images else "it has labels but no image"
        for case in sorted(set(images) ^ set(labels))
    }


def subfolders(folder: Path) -> list[Path]:
    """Return the folders directly in `folder`, sorted; DatasetError where it is missing."""
    return sorted(path for path in _entries(folder) if path.is_dir() and not path.name.startswith("."))


def read_names(path: Path) -> list[str]:
    """Return the lines of a list of cases; DatasetError where it is missing or no list of names."""
    names = [line.strip() for line in read_text(path, max_bytes=MAX_LIST_BYTES).splitlines() if line.strip()]
    for name in names:
        if not _PLAIN_NAME.fullmatch(name):  # a name becomes part of a path
            raise DatasetError(f"{path} holds {name[:60]!r}, expected one name per line")
    if not names:
        raise DatasetError(f"{path} is empty, expected one name per line")
    return names


def read_text(path: Path, *, max_bytes: int) -> str:
    """Return a text file; DatasetError where it is missing, too large, or no text."""
    try:
        if path.stat().st_size > max_bytes:
            raise DatasetError(f"{path} has {path.stat().st_size} bytes, expected at most {max_bytes}")
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DatasetError(f"{path} is missing") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is no text") from error


def listing(folder: Path, *, most: int = 8) -> str:
    """Return what lies in a folder, shortened, for an error message."""
    if not folder.is_dir():
        return "no folder"
    entries = sorted(path.name + "/" * path.is_dir() for path in islice(folder.iterdir(), most + 1))
    return ", ".join(entries[:most]) + (", ..." if len(entries) > most else "") or "nothing"


def _entries(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DatasetError(f"{folder} is not a folder")
    return list(folder.iterdir())
