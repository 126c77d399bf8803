"""An evaluation as it lies on disk: the summary, and the records beside it."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from isegformer.errors import ConfigError
from isegformer.evaluation.ranking import CaseRecord
from isegformer.evaluation.record_json import click_record_from_json, volume_record_from_json
from isegformer.evaluation.result_log import RECORDS, read_records

SUMMARY = "summary.json"
"""Name of the summary in the folder of an evaluation."""

READERS: Mapping[str, Callable[[Path], Iterable[CaseRecord]]] = MappingProxyType(
    {
        "clicks": lambda file: read_records(file, click_record_from_json).values(),
        "volumes": lambda file: read_records(file, volume_record_from_json).values(),
    }
)
"""What reads the records, by the kind of the evaluation."""


@dataclass(frozen=True, kw_only=True)
class StoredEvaluation:
    """Everything that an evaluation left behind."""

    path: Path
    """Of the summary."""
    kind: str
    """clicks or volumes."""
    summary: Mapping[str, Any]
    records: tuple[CaseRecord, ...]


def read_evaluation(path: Path) -> StoredEvaluation:
    """Read an evaluation from its summary, or from the folder that holds it.

    Raises
    ------
    ConfigError : the summary or the records beside it are missing, damaged, or of no known kind
    """
    file = path / SUMMARY if path.is_dir() else path
    summary = _read_json(file)
    kind = str(summary.get("kind")) if isinstance(summary, dict) else "unknown"
    if kind not in READERS:
        raise ConfigError(
            f"{file} is of the kind {kind!r}, expected the summary of an evaluation of the kind "
            f"{' or '.join(READERS)}"
        )
    log = file.parent / RECORDS
    if not log.is_file():
        raise ConfigError(
            f"there is no {RECORDS} beside {file}; evaluate with --output FOLDER, and give that folder"
        )
    return StoredEvaluation(path=file, kind=kind, summary=summary, records=tuple(READERS[kind](log)))


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{file} cannot be read as the summary of an evaluation: {error}") from error
