"""The journal of a session: one SQLite file to which every command is added before it counts.

One row is one command with all that it changed, written in one transaction (WAL, synchronous=FULL). Rows are
never changed. Each carries a SHA-256 over its content and the row before it, so damage is found when the file
is opened; that is done read-only, and a file that is damaged stays as it is.
"""

import hashlib
import json
import os
import sqlite3
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from isegformer.errors import JournalError, SessionError
from isegformer.scratch import Order
from isegformer.session.commands import Command, from_json, to_json
from isegformer.session.effect import Effect, SheetChange
from isegformer.session.json_codec import decode, dump, encode
from isegformer.session.label_delta import delta_from_bytes, reordered
from isegformer.session.plain_values import plain_value
from isegformer.session.sheet import Settings

JOURNAL_NAME = "journal.sqlite"
SCHEMA_VERSION = 2

ORDERS: Mapping[int, Order] = {1: "C", 2: "F"}
"""In which order of the axes label deltas count, by schema version; older journals are read and continued."""

_METADATA = sa.MetaData()
_HEADER = sa.Table(
    "header",
    _METADATA,
    sa.Column("schema_version", sa.Integer, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
)
_ENTRIES = sa.Table(
    "entries",
    _METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("time_utc", sa.Text, nullable=False),
    sa.Column("user", sa.Text),
    sa.Column("command_name", sa.Text, nullable=False),
    sa.Column("command", sa.Text, nullable=False),
    sa.Column("sheet_change", sa.Text, nullable=False),
    sa.Column("label_delta", sa.LargeBinary, nullable=False),
    sa.Column("prediction", sa.LargeBinary),
    sa.Column("digest", sa.LargeBinary, nullable=False),
)


@dataclass(frozen=True, kw_only=True)
class JournalHeader:
    """What a session was created with."""

    created_utc: str
    volume_sha256: str
    shape: tuple[int, int, int]
    affine: tuple[tuple[float, ...], ...]
    """4 x 4, voxel to RAS+ mm."""
    click_weights_sha256: str
    propagation_weights_sha256: str
    settings: Settings
    runtime: str = ""
    """What the networks ran on, in the words of whoever created the session; not compared with anything."""


@dataclass(frozen=True, kw_only=True)
class JournalEntry:
    """One command and what it did."""

    seq: int
    """1, 2, 3, ... without gaps."""
    time_utc: datetime
    user: str | None
    command: Command
    effect: Effect
    prediction: bytes | None = None
    """As `stored_prediction` writes it; only clicks have one."""


@dataclass(frozen=True, kw_only=True)
class PreparedEntry:
    """An entry as a row of the database, known to be readable again; made by `prepare`."""

    row: Mapping[str, Any]


def prepare(entry: JournalEntry) -> PreparedEntry:
    """Return the row of an entry; nothing is written.

    Raises
    ------
    SessionError : the entry would not come back from the journal as it is
    """
    try:
        row = _to_row(entry)
        again = _from_row(row)
    except (JournalError, TypeError, ValueError, KeyError, struct.error) as error:
        raise _unwritable(entry, str(error)) from error
    if again.command != entry.command or again.effect.sheet != entry.effect.sheet:
        raise _unwritable(entry, f"it would be read back as {repr(again.command)[:200]}")
    if not again.effect.labels.is_same(entry.effect.labels):
        raise _unwritable(entry, "its change of the label map would be read back as another")
    return PreparedEntry(row=row)


class Journal:
    """The open journal of one session. Each method may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """Open the journal at `path`; JournalError if there is none, or if it is damaged in any place."""
        if not path.is_file():
            raise JournalError(f"there is no session journal at {path}; create a session there first")
        self._path = path
        self._lock = threading.RLock()
        self._engine = _engine(path, mode="ro")
        try:
            self.header, self._order, self._last_seq, self._digest = self._checked()
        finally:
            self._engine.dispose()
        self._engine = _engine(path, mode="rw")

    @classmethod
    def create(cls, path: Path, header: JournalHeader) -> "Journal":
        """Make a new journal; it appears at `path` whole or not at all.

        Raises
        ------
        JournalError : there is one at `path`, or it cannot be written
        SessionError : the header holds values of other types than declared
        """
        document = dump(encode(header))
        if decode(JournalHeader, json.loads(document), where="journal header") != header:
            raise SessionError(f"a journal cannot keep the header {header}; expected plain values")
        if path.exists():
            raise JournalError(
                f"there is a session journal at {path} already; open it, or choose another folder"
            )
        draft = path.with_name(path.name + ".new")
        with _translated(path, "created"):
            for stale in path.parent.glob(draft.name + "*"):
                stale.unlink()
            _write_draft(draft, document=document)
            draft.replace(path)
            _sync_folder(path.parent)
        return cls(path)

    @property
    def last_seq(self) -> int:
        """Number of the newest entry, 0 in a new journal."""
        return self._last_seq

    def append(self, prepared: PreparedEntry) -> None:
        """Add an entry; on return it is on disk. On JournalError it is not, and the journal is as it was."""
        row = prepared.row
        if self._order != "F":
            change = reordered(
                delta_from_bytes(row["label_delta"]), self.header.shape, old="F", new=self._order
            )
            row = {**row, "label_delta": change.to_bytes()}
        with self._lock:
            assert row["seq"] == self._last_seq + 1
            digest = _row_digest(self._digest, row)
            with _translated(self._path, "written"), self._engine.begin() as connection:
                connection.execute(sa.insert(_ENTRIES), {**row, "digest": digest})
            self._last_seq, self._digest = row["seq"], digest

    def command_names(self) -> tuple[tuple[int, str], ...]:
        """Return number and command name of every entry, oldest first."""
        query = sa.select(_ENTRIES.c.seq, _ENTRIES.c.command_name).order_by(_ENTRIES.c.seq)
        with self._lock, _translated(self._path, "read"), self._engine.connect() as connection:
            return tuple((seq, name) for seq, name in connection.execute(query))

    def read(self, seq: int) -> JournalEntry:
        """Return one entry; JournalError if there is none of this number."""
        query = sa.select(_ENTRIES).where(_ENTRIES.c.seq == seq)
        with self._lock, _translated(self._path, "read"), self._engine.connect() as connection:
            row = connection.execute(query).mappings().one_or_none()
            if row is None:
                raise JournalError(
                    f"the journal {self._path} has no entry {seq}; its last is {self._last_seq}"
                )
        entry = _from_row(row)
        change = entry.effect.labels
        if self._order != "F":
            change = reordered(change, self.header.shape, old=self._order, new="F")
        return replace(entry, effect=replace(entry.effect, labels=change))

    def prediction(self, seq: int) -> bytes:
        """Return the prediction that entry `seq` holds; JournalError if it holds none."""
        data = self.read(seq).prediction
        if data is None:
            raise JournalError(
                f"entry {seq} of the journal {self._path} holds no prediction, expected a click"
            )
        return data

    def close(self) -> None:
        """Close the file; more than once does no harm."""
        with self._lock:
            self._engine.dispose()

    def _checked(self) -> tuple[JournalHeader, Order, int, bytes]:
        """Read everything once; return header, order, the last number and the digest to continue from."""
        with _translated(self._path, "read"), self._engine.connect() as connection:
            state = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            if state != "ok":
                raise _damaged(self._path, state)
            head = connection.execute(sa.select(_HEADER)).mappings().one()
            if head["schema_version"] not in ORDERS:
                raise JournalError(
                    f"the journal {self._path} has schema version {head['schema_version']}, expected one of "
                    f"{sorted(ORDERS)}; open it with the version of isegformer that wrote it"
                )
            seq, digest = 0, _digest(b"", head["document"])
            if digest != head["digest"]:
                raise _damaged(self._path, "its header was changed")
            rows = connection.execution_options(yield_per=16).execute(
                sa.select(_ENTRIES).order_by(_ENTRIES.c.seq)
            )
            for row in rows.mappings():
                digest = _row_digest(digest, row)
                if row["seq"] != seq + 1 or digest != row["digest"]:
                    raise _damaged(self._path, f"the entry after number {seq} was changed or is missing")
                seq += 1
            header = decode(JournalHeader, json.loads(head["document"]), where="journal header")
        return header, ORDERS[head["schema_version"]], seq, digest


def _engine(path: Path, *, mode: str) -> sa.Engine:
    """Return an engine with one connection; `mode` is SQLite's: "ro", "rw" or "rwc"."""

    def connect() -> sqlite3.Connection:
        uri = f"{path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        if mode != "ro":
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
        return connection

    return sa.create_engine("sqlite://", creator=connect, poolclass=StaticPool)


def _write_draft(draft: Path, *, document: str) -> None:
    """Write a journal without entries."""
    engine = _engine(draft, mode="rwc")
    try:
        with engine.begin() as connection:
            _METADATA.create_all(connection)
            row = {"schema_version": SCHEMA_VERSION, "document": document, "digest": _digest(b"", document)}
            connection.execute(sa.insert(_HEADER), row)
    finally:
        engine.dispose()  # the last connection to close brings the write-ahead log into the file


@contextmanager
def _translated(path: Path, verb: str) -> Iterator[None]:
    """Turn what the database and the decoders raise into JournalError."""
    try:
        yield
    except JournalError:
        raise
    except (sa.exc.SQLAlchemyError, sqlite3.Error, SessionError, OSError, ValueError, KeyError) as error:
        cause = getattr(error, "orig", None) or error
        raise JournalError(
            f"the journal {path} could not be {verb}: {cause}; nothing that was committed before is lost, "
            "free disk space or restore the file, then try again"
        ) from error


def _unwritable(entry: JournalEntry, what: str) -> SessionError:
    return SessionError(
        f"{type(entry.command).__name__} cannot be kept in the journal, so it was not carried out: {what}; "
        "expected values of the declared types"
    )


def _damaged(path: Path, what: str) -> JournalError:
    return JournalError(f"the journal {path} is damaged: {what}. It was not touched; restore it from a copy")


def _digest(previous: bytes, *parts: str | bytes | int | None) -> bytes:
    """Return the SHA-256 over the digest before and all parts, each with its length so none can move."""
    total = hashlib.sha256(previous)
    for part in parts:
        data = part if isinstance(part, bytes) else b"" if part is None else str(part).encode()
        total.update(f"{type(part).__name__}{len(data)}:".encode())
        total.update(data)
    return total.digest()


def _row_digest(previous: bytes, row: Any) -> bytes:
    return _digest(previous, *(row[column.name] for column in _ENTRIES.columns if column.name != "digest"))


def _to_row(entry: JournalEntry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "time_utc": entry.time_utc.isoformat(),
        "user": plain_value(str | None, entry.user, where="user"),
        "command_name": type(entry.command).__name__,
        "command": dump(to_json(entry.command)),
        "sheet_change": dump(encode(entry.effect.sheet)),
        "label_delta": entry.effect.labels.to_bytes(),
        "prediction": entry.prediction,
    }


def _from_row(row: Any) -> JournalEntry:
    sheet = decode(SheetChange, json.loads(row["sheet_change"]), where=f"entry {row['seq']}")
    return JournalEntry(
        seq=row["seq"],
        time_utc=datetime.fromisoformat(row["time_utc"]),
        user=row["user"],
        command=from_json(json.loads(row["command"])),
        effect=Effect(sheet=sheet, labels=delta_from_bytes(row["label_delta"])),
        prediction=row["prediction"],
    )


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut, where folders can be opened."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
