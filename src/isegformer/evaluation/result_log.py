"""Results on disk as they come, so that a killed evaluation goes on where it was.

::

    configuration.json    what was asked for; a run that goes on must ask for the same
    records.jsonl         one record per line, in the order in which they were finished

If the last line is torn, since the process was killed while it was written, it is dropped; any other damage
is an error. Records of cases that failed are dropped when a run goes on, and the cases tried again: what was
wrong with them may have been mended.
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from isegformer.atomic import replace_atomically
from isegformer.errors import ConfigError, WriteError
from isegformer.evaluation.record_json import record_to_json
from isegformer.evaluation.records import ClickRecord, RecordKey, VolumeRecord

CONFIGURATION = "configuration.json"
RECORDS = "records.jsonl"

RecordT = TypeVar("RecordT", ClickRecord, VolumeRecord)


class ResultLog(Generic[RecordT]):
    """The records of one evaluation in a folder; `close` it at the end."""

    def __init__(
        self,
        folder: Path,
        configuration: Mapping[str, Any],
        *,
        from_json: Callable[[Mapping[str, Any]], RecordT],
        is_resumed: bool,
    ) -> None:
        """Open the log of a folder, which is made where there is none.

        Parameters
        ----------
        configuration : what can be written as JSON; every choice that the results depend on
        from_json : reads a record, see `record_json`
        is_resumed : go on with what the folder holds; otherwise it may hold no evaluation yet

        Raises
        ------
        ConfigError : the folder holds an evaluation and is not resumed, or one with another configuration, or
            one that is damaged
        WriteError : the folder cannot be written
        """
        self._file = folder / RECORDS
        wanted = json.loads(json.dumps(configuration))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WriteError(f"cannot make the folder {folder}: {error}") from error
        if (folder / CONFIGURATION).exists() or self._file.exists():
            if not is_resumed:
                raise ConfigError(
                    f"{folder} holds an evaluation already; go on with --resume, or choose another folder"
                )
            _check_same(_read_configuration(folder / CONFIGURATION), wanted, folder=folder)
        found = read_records(self._file, from_json)
        self._records: dict[RecordKey, RecordT] = {
            key: record for key, record in found.items() if record.error is None
        }
        with replace_atomically(folder / CONFIGURATION) as temporary:
            temporary.write_text(json.dumps(wanted, indent=2), encoding="utf-8")
        with replace_atomically(self._file) as temporary:  # without the torn line, and what failed
            lines = "".join(_line(record) for record in self._records.values())
            temporary.write_text(lines, encoding="utf-8")
        self._stream = self._file.open("a", encoding="utf-8")

    @property
    def records(self) -> Mapping[RecordKey, RecordT]:
        """Return what has been measured so far."""
        return self._records

    def append(self, record: RecordT) -> None:
        """Add a record; on return it is on disk.

        Raises
        ------
        WriteError : the disk is full, for instance
        """
        assert record.key not in self._records, f"{record.key} was measured twice"
        try:
            self._stream.write(_line(record))
            self._stream.flush()
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise WriteError(f"could not write {self._file}: {error}; go on with --resume") from error
        self._records[record.key] = record

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def _line(record: ClickRecord | VolumeRecord) -> str:
    return json.dumps(record_to_json(record), separators=(",", ":"), allow_nan=False) + "\n"


def read_records(file: Path, from_json: Callable[[Mapping[str, Any]], RecordT]) -> dict[RecordKey, RecordT]:
    """Return all records of a log; a torn last line is left out, and where there is no file there are none.

    Raises
    ------
    ConfigError : another line is damaged, or a record is there twice
    """
    if not file.exists():
        return {}
    records: dict[RecordKey, RecordT] = {}
    text = file.read_bytes()
    whole, _, _torn = text.rpartition(b"\n")
    for number, line in enumerate(whole.split(b"\n") if whole else (), start=1):
        try:
            record = from_json(json.loads(line))
            if record.key in records:
                raise ValueError("it is there twice")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ConfigError(
                f"line {number} of {file} is damaged ({error}); take it out, or start anew in another folder"
            ) from error
        records[record.key] = record
    return records


def _read_configuration(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{file} is damaged ({error}); start anew in another folder") from error


def _check_same(stored: Any, wanted: Mapping[str, Any], *, folder: Path) -> None:
    """Raise ConfigError that names what differs."""
    if stored == wanted:
        return
    old = stored if isinstance(stored, dict) else {}
    changed = [key for key in sorted({*old, *wanted}) if old.get(key) != wanted.get(key)]
    described = "; ".join(f"{key} was {old.get(key)!r}, now {wanted.get(key)!r}" for key in changed)
    raise ConfigError(
        f"{folder} holds an evaluation with another configuration: {described}. Ask for the same, or choose "
        "another folder"
    )
