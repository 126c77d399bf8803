"""Lists of cases by split."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isegformer.errors import DatasetError


def read_split(index_file: Path, *, folder: str, split: str) -> list[str]:
    """Return the cases of one split of one folder from a JSON file {folder: {split: [case, ...]}}.

    Raises
    ------
    DatasetError : the file cannot be read, or has no such list of texts
    """
    index = read_index(index_file)
    if not isinstance(index.get(folder), dict) or split not in index[folder]:
        raise DatasetError(f"the index {index_file} has no split {split!r} of {folder!r}")
    cases = index[folder][split]
    if not isinstance(cases, list) or not all(isinstance(case, str) for case in cases):
        raise DatasetError(f"split {split!r} of {folder!r} in {index_file} is no list of names")
    return cases


def read_index(index_file: Path) -> Mapping[str, Any]:
    """Return a JSON file {folder: {split: [case, ...]}}; what is in a folder is checked by `read_split`.

    Raises
    ------
    DatasetError : the file cannot be read, or holds no object
    """
    try:
        index = json.loads(index_file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DatasetError(f"cannot read the index {index_file}: {error}") from error
    if not isinstance(index, dict):
        raise DatasetError(f"the index {index_file} holds no object, expected {{folder: {{split: [case]}}}}")
    return index
