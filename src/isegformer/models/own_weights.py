"""A user's own named weights: files, cards and a registry in a folder of theirs.

The folder is that of the user's application data, or the one that ISEGFORMER_WEIGHTS names. It is not a
cache: what lies there cannot be made again without the user's data.
"""

import logging
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from isegformer.atomic import replace_atomically
from isegformer.errors import CheckpointError, ConfigError
from isegformer.models.checkpoint import reading
from isegformer.models.registry import WeightsEntry, read_registry, write_registry

OWN_VARIABLE = "ISEGFORMER_WEIGHTS"
"""Environment variable that names the folder of a user's own weights."""

OWN_REGISTRY = "registry.json"

NAME_FORM = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""Names become file names, so they are plain."""

logger = logging.getLogger(__name__)


def own_folder() -> Path:
    """Return where a user's own weights lie; it need not exist."""
    named = os.environ.get(OWN_VARIABLE)
    return Path(named) if named else platformdirs.user_data_path("isegformer") / "weights"


def own_entries(folder: Path) -> Mapping[str, WeightsEntry]:
    """Return a user's own weights by name; a damaged registry is none, and a warning says so.

    Bundled weights must stay usable whatever lies in a user's folder.
    """
    if not (folder / OWN_REGISTRY).is_file():
        return {}
    try:
        entries = read_registry(folder / OWN_REGISTRY)
    except CheckpointError as error:
        logger.warning("your own weights are not offered: %s", error)
        return {}
    return {name: entry for name, entry in entries.items() if entry.own and _is_plain(entry)}


def check_new_name(name: str, *, taken: Mapping[str, WeightsEntry]) -> None:
    """Raise ConfigError unless `name` can be given to new weights."""
    if not NAME_FORM.fullmatch(name):
        raise ConfigError(
            f"weights cannot be called {name!r}, expected lower-case letters, digits, '.', '_' and '-', "
            "a letter or digit first, 64 at most"
        )
    if name in taken:
        raise ConfigError(f"weights called {name!r} exist already; choose another name")


def register_own(file: Path, *, name: str, licence: str, card: str, folder: Path) -> WeightsEntry:
    """Copy a weights file and its card into a user's folder and enter it in the registry there.

    Parameters
    ----------
    file : a weights file of ours
    name : not taken yet, see `check_new_name`
    licence : terms of use, as far as they are known
    card : Markdown text: data, recipe, measured results
    folder : see `own_folder`

    Raises
    ------
    CheckpointError : `file` is not a weights file, or the registry in `folder` is damaged
    WriteError : something could not be written; the registry is then as before
    """
    summary = reading.inspect(file)
    registry = folder / OWN_REGISTRY
    before = read_registry(registry) if registry.is_file() else {}
    folder.mkdir(parents=True, exist_ok=True)
    entry = WeightsEntry(
        name=name,
        kind=summary.kind,
        architecture=summary.architecture,
        file=f"{name}.safetensors",
        sha256=reading.file_sha256(file),
        url=None,
        licence=licence,
        card=f"{name}.md",
        bundled=False,
        own=True,
    )
    with replace_atomically(folder / entry.file) as temporary:
        shutil.copyfile(file, temporary)
    with replace_atomically(folder / entry.card) as temporary:
        temporary.write_text(card, encoding="utf-8")
    write_registry(registry, [*before.values(), entry])
    return entry


def _is_plain(entry: WeightsEntry) -> bool:
    """Tell whether the file of an entry lies in its folder, and not where a path in its name leads."""
    return Path(entry.file).name == entry.file and Path(entry.card).name == entry.card
