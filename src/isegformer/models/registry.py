"""The registry of named weights: a JSON file, {"format": 1, "weights": [entry, ...]}."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from isegformer.atomic import replace_atomically
from isegformer.errors import CheckpointError
from isegformer.models.architectures import Kind

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class WeightsEntry:
    """One line of the registry."""

    name: str
    """What `load` is asked for."""
    kind: Kind
    """What the network does."""
    architecture: str
    """The architecture's name."""
    file: str
    """File name, in the folder that its kind of entry has."""
    sha256: str
    """Of the file, hexadecimal."""
    url: str | None
    """Where the file is downloaded from; None for bundled files and those that users must get themselves."""
    licence: str
    """Terms of use of the weights."""
    card: str
    """File name of the card beside the file: data, recipe, measured results."""
    bundled: bool
    """Whether the file comes with the package."""
    own: bool = False
    """Whether the file is a user's own, made on this machine."""


def read_registry(path: Path) -> dict[str, WeightsEntry]:
    """Return the entries of a registry file by name; raises CheckpointError where it is malformed."""
    try:
        records: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["weights"]
        entries = [WeightsEntry(**record) for record in records]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"the registry of weights {path} is damaged: {error!r}") from error
    expected = ", ".join(field.name for field in fields(WeightsEntry))
    if len({entry.name for entry in entries}) != len(entries):
        raise CheckpointError(f"the registry of weights {path} has a name twice; each entry has {expected}")
    return {entry.name: entry for entry in entries}


def write_registry(path: Path, entries: Iterable[WeightsEntry]) -> None:
    """Write a registry file, sorted by name; WriteError where that fails, the old file is then intact."""
    ordered = sorted(entries, key=lambda entry: entry.name)
    record = {"format": FORMAT, "weights": [asdict(entry) for entry in ordered]}
    with replace_atomically(path) as temporary:
        temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
