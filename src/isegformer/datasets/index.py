"""Lists of cases by split."""

import json
from pathlib import Path

from isegformer.errors import DatasetError


def read_split(index_file: Path, *, folder: str, split: str) -> list[str]:
    """Return the cases of one split of one folder from a JSON file {folder: {split: [case, ...]}}.

    Raises
    ------
    DatasetError : the file cannot be read, or has no such list of texts
    """
    try:
        index = json.loads(index_file.read_text(encoding="utf-8"))
        cases = index[folder][split]
    except (OSError, ValueError, RecursionError) as error:
        raise DatasetError(f"cannot read the index {index_file}: {error}") from error
    except (KeyError, TypeError) as error:
        raise DatasetError(f"the index {index_file} has no split {split!r} of {folder!r}") from error
    if not isinstance(cases, list) or not all(isinstance(case, str) for case in cases):
        raise DatasetError(f"split {split!r} of {folder!r} in {index_file} is no list of names")
    return cases
