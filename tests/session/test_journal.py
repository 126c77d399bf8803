"""Faults: what a journal does when the file, the disk or the folder is not as it should be."""

import gzip
import hashlib
import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from random import Random

import numpy as np
import pytest
from session_fakes import (
    SHAPE,
    create_session,
    fixed_clock,
    make_volume,
    open_session,
    random_command,
    random_label_map,
    snapshot,
    try_apply,
)

from isegformer.errors import JournalError
from isegformer.session import AddClick, AddObject, ImportLabelMap, Journal, Undo
from isegformer.session.journal import JOURNAL_NAME

CLICK = AddClick(label=1, axis=0, index=2, row=3, col=3, is_positive=True)


@pytest.fixture
def path(folder):
    """Return the journal of a closed session with four entries."""
    with create_session(folder) as session:
        session.apply(AddObject(label=1, name="a"), user="eva")
        session.apply(CLICK)
        session.apply(CLICK)
        session.undo()
    return folder / JOURNAL_NAME


def digests(path):
    return {item.name: hashlib.sha256(item.read_bytes()).hexdigest() for item in path.parent.iterdir()}


def change_row(path, statement, *values):
    connection = sqlite3.connect(path)
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def check_refused_and_untouched(path, match):
    before = digests(path)
    with pytest.raises(JournalError, match=match):
        open_session(path.parent)
    assert {name: digest for name, digest in digests(path).items() if name in before} == before
    with pytest.raises(JournalError, match=match):  # the folder was let go
        open_session(path.parent)


def test_entries_keep_command_user_and_utc_time(folder):
    def clock():
        return datetime(2024, 1, 2, 3, 4, 5, 678, tzinfo=timezone(timedelta(hours=2)))

    with create_session(folder, clock=clock) as session:
        session.apply(AddObject(label=1, name="a"), user="eva")
        session.undo()
        first, second = session.history()
    assert (first.seq, first.user, first.command) == (1, "eva", AddObject(label=1, name="a"))
    assert first.time_utc == datetime(2024, 1, 2, 1, 4, 5, 678, tzinfo=UTC)
    assert first.time_utc.utcoffset() == timedelta(0)
    assert (second.seq, second.user, second.command) == (2, None, Undo())
    assert (first.is_in_force, second.is_in_force) == (False, False)


def test_the_journal_is_in_wal_mode_and_waits_for_the_disk(folder):
    with create_session(folder) as session, session._journal._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2  # FULL


def test_a_command_is_in_the_file_before_apply_returns(session, folder):
    session.apply(CLICK)
    reader = sqlite3.connect(folder / JOURNAL_NAME)
    names = [name for (name,) in reader.execute("SELECT command_name FROM entries ORDER BY seq")]
    reader.close()
    assert names == ["AddObject", "AddClick"]


def test_reading_an_entry_that_is_not_there_names_the_last(path):
    journal = Journal(path)
    with pytest.raises(JournalError, match="no entry 5; its last is 4"):
        journal.read(5)
    with pytest.raises(JournalError, match=r"entry 1 .* holds no prediction"):
        journal.prediction(1)
    journal.close()


def test_a_missing_or_empty_folder_is_no_session(tmp_path):
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(JournalError, match=r"no session in .* create one"):
            open_session(folder)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(JournalError, match="no session journal at"):
        Journal(tmp_path / "absent")


def test_a_session_is_not_created_over_another(path):
    before = digests(path)
    with pytest.raises(JournalError, match="already; open it"):
        create_session(path.parent)
    assert digests(path) == before
    open_session(path.parent).close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(JournalError, match="file"):
        create_session(tmp_path / "file" / "work")


@pytest.mark.parametrize("size_bytes", [0, 1, 100, 4096, 5000, 9000])
def test_a_truncated_journal_is_refused_and_left_as_it_is(path, size_bytes):
    assert path.stat().st_size > 9000
    path.write_bytes(path.read_bytes()[:size_bytes])
    check_refused_and_untouched(path, "could not be read|damaged")


def test_random_bytes_anywhere_are_found_and_left_as_they_are(path):
    intact = path.read_bytes()
    rng = np.random.default_rng(5)
    refused = 0
    for start in range(0, len(intact) - 64, 499):
        path.write_bytes(intact[:start] + rng.bytes(64) + intact[start + 64 :])
        damaged = digests(path)
        try:
            with open_session(path.parent) as session:
                assert len(session.history()) == 4  # the bytes fell on unused space
                assert len(session.clicks(1, session.history()[1].command.plane)) == 1
        except JournalError:
            refused += 1
            assert digests(path)[JOURNAL_NAME] == damaged[JOURNAL_NAME]
    assert refused > 5


def test_random_bytes_for_a_file_are_refused(path):
    path.write_bytes(np.random.default_rng(1).bytes(20000))
    check_refused_and_untouched(path, "file is not a database")


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("UPDATE entries SET command = replace(command, ?, '4') WHERE seq = 3", "3"),
        ("UPDATE entries SET user = ? WHERE seq = 1", "mallory"),
        ("UPDATE entries SET prediction = NULL WHERE seq > ?", 2),
        ("UPDATE entries SET label_delta = ? WHERE seq = 2", b""),
        ("DELETE FROM entries WHERE seq = ?", 2),
        ("UPDATE header SET document = replace(document, ?, '1')", "5"),
        ("UPDATE header SET digest = ?", b"0"),
    ],
)
def test_a_changed_or_missing_entry_is_found(path, statement, value):
    change_row(path, statement, value)
    check_refused_and_untouched(path, "damaged")


def test_another_schema_version_is_refused(path):
    change_row(path, "UPDATE header SET schema_version = ?", 3)
    check_refused_and_untouched(path, r"schema version 3, expected one of \[1, 2\]")


def random_commands(session, *, seed):
    """Apply some commands, the same for each seed; return how many were applied."""
    random = Random(seed)
    return sum(try_apply(session, random_command(random)) for _ in range(150))


def test_a_journal_of_the_first_schema_is_read_and_continued(folder, tmp_path):
    folder.mkdir()
    old = (Path(__file__).parent / "journal_v1.sqlite.gz").read_bytes()  # made by random_commands with seed 7
    (folder / JOURNAL_NAME).write_bytes(gzip.decompress(old))
    with create_session(tmp_path / "new") as expected, open_session(folder) as session:
        assert random_commands(expected, seed=7) == session.view().seq
        assert snapshot(session) == snapshot(expected)
        assert session.verify_replay().is_identical
        assert random_commands(expected, seed=8) == random_commands(session, seed=8) > 20
        kept = snapshot(session)
        assert kept == snapshot(expected)
    with open_session(folder) as session:
        assert snapshot(session) == kept
        assert session.verify_replay().is_identical
        while session.can_undo:
            session.undo()
        assert not session.label_map().labels.any()


def test_damage_beside_work_that_is_still_in_the_wal_leaves_both_files(folder):
    session = create_session(folder)
    session.apply(AddObject(label=1, name="a"))
    names = [JOURNAL_NAME, f"{JOURNAL_NAME}-wal"]
    files = {name: (folder / name).read_bytes() for name in names}
    session.close()
    broken = folder.with_name("broken")
    broken.mkdir()
    for name, data in files.items():
        (broken / name).write_bytes(data)
    change = bytearray(files[names[0]])
    change[: len(change) // 2] = bytes(len(change) // 2)
    (broken / JOURNAL_NAME).write_bytes(bytes(change))
    before = digests(broken / JOURNAL_NAME)
    with pytest.raises(JournalError):
        open_session(broken)
    after = digests(broken / JOURNAL_NAME)
    assert {name: after[name] for name in names} == {name: before[name] for name in names}


def test_a_full_disk_is_an_error_that_changes_nothing_and_passes(session, folder, reopen):
    session.apply(CLICK)
    big = ImportLabelMap.from_label_map(random_label_map(Random(1)))
    set_page_limit(session, extra=0)
    check_fails_when_full(session, big, match="database or disk is full; nothing that was committed")
    set_page_limit(session, extra=10**6)
    session.apply(big)
    after = snapshot(session)
    session.close()
    assert snapshot(reopen()) == after


def check_fails_when_full(session, command, *, match):
    """Apply a command until it fails, which must leave everything as it was before that attempt."""
    states, error = [], None
    while error is None:
        states.append((snapshot(session), session.history()))
        assert len(states) < 1000
        try:
            session.apply(command)
        except JournalError as caught:
            error = str(caught)
    assert match in error
    assert (snapshot(session), session.history()) == states[-1]


def set_page_limit(session, *, extra):
    """Let SQLite find no more than `extra` pages on the disk."""
    with session._journal._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + extra}")


def test_a_folder_reopens_after_a_full_disk(session, folder, reopen):
    set_page_limit(session, extra=0)
    check_fails_when_full(session, CLICK, match="full")
    before = snapshot(session)
    session.close()
    assert snapshot(reopen()) == before


def test_a_write_that_breaks_off_half_way_is_an_error_that_changes_nothing(session, folder, reopen):
    resource = pytest.importorskip("resource", reason="file size limits are POSIX")
    session.apply(CLICK)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    size_bytes = (folder / f"{JOURNAL_NAME}-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes + 10000, limits[1]))
    try:
        check_fails_when_full(session, CLICK, match="disk")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    session.apply(CLICK)
    after = snapshot(session)
    session.close()
    assert snapshot(reopen()) == after


def test_a_lock_file_that_cannot_be_opened_is_named(path):
    (path.parent / "session.lock").unlink()
    (path.parent / "session.lock").mkdir()
    with pytest.raises(JournalError, match="cannot be written"):
        open_session(path.parent)


def test_a_draft_of_a_creation_that_was_killed_is_no_obstacle(folder):
    folder.mkdir()
    (folder / f"{JOURNAL_NAME}.new").write_bytes(b"half")
    (folder / f"{JOURNAL_NAME}.new-wal").write_bytes(b"half")
    with create_session(folder) as session:
        assert session.history() == ()
    assert not list(folder.glob("*.new*"))


def test_the_header_describes_what_the_session_was_made_on(path):
    journal = Journal(path)
    header = journal.header
    journal.close()
    assert header.volume_sha256 == make_volume().sha256
    assert header.shape == SHAPE
    np.testing.assert_array_equal(header.affine, make_volume().geometry.affine)
    assert header.created_utc == fixed_clock().isoformat()
