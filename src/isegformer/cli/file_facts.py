"""Facts about files, as records ready for JSON."""

import dataclasses
from pathlib import Path
from typing import Any

from isegformer.volume import describe, read_volume

WEIGHTS_SUFFIXES = (".safetensors", ".pth", ".pt", ".ckpt", ".bin", ".tar")
"""How the names of weights files end."""


def file_facts(name_or_path: str, *, spacing_mm: tuple[float, float, float] | None = None) -> dict[str, Any]:
    """Return facts about a weights file, known by its suffix or name, or about a volume.

    Raises
    ------
    IsegformerError : it cannot be read
    """
    path = Path(name_or_path)
    if path.name.lower().endswith(WEIGHTS_SUFFIXES) or (not path.exists() and _is_weights_name(name_or_path)):
        return {"file": name_or_path, "content": "weights", **weights_facts(name_or_path)}
    summary = describe(read_volume(path, spacing_mm=spacing_mm))
    return {"file": name_or_path, "content": "volume", **dataclasses.asdict(summary)}


def weights_facts(name_or_path: str) -> dict[str, Any]:
    """Return what weights hold; raises IsegformerError where they cannot be read."""
    from isegformer.models import inspect  # torch takes a second, and a volume does not need it

    return dataclasses.asdict(inspect(name_or_path))


def _is_weights_name(name: str) -> bool:
    from isegformer.models import available

    return name in {entry.name for entry in available()}
