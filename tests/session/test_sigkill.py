"""A session is killed at random moments; what was acknowledged is there, and nothing is there by half."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
from session_fakes import PROPAGATIONS, FakeSegmenter, make_volume, open_session, snapshot

from isegformer.session.journal import JOURNAL_NAME, Journal
from isegformer.session.replay import replay

KILLS = 60
LIVES_PER_FOLDER = 6
SRC = Path(__file__).parents[2] / "src"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and fork are POSIX")


@pytest.fixture
def worker():
    """Return the running crash worker."""
    environment = dict(os.environ, PYTHONPATH=str(SRC), OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("crash_worker.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )
    with process:
        yield process
        process.stdin.close()
        process.wait(30)


def lines_until(worker, last: str) -> list[str]:
    lines = []
    while not lines or not lines[-1].startswith(last):
        line = worker.stdout.readline().decode()
        assert line, f"the worker ended after {lines}"
        lines.append(line.strip())
    return lines


def live_and_die(worker, *, seed: int, folder: Path, delay_s: float) -> int | None:
    """Let a child work for `delay_s` on the open session; return the last command that it acknowledged."""
    worker.stdin.write(f"{seed} {folder}\n".encode())
    worker.stdin.flush()
    pid = int(lines_until(worker, "pid")[-1].split()[1])
    lines_until(worker, "open")
    time.sleep(delay_s)
    os.kill(pid, signal.SIGKILL)
    acknowledged = [int(line.split()[1]) for line in lines_until(worker, "dead") if line.startswith("ack")]
    return acknowledged[-1] if acknowledged else None


def committed_entries(folder: Path) -> int:
    journal = Journal(folder / JOURNAL_NAME)
    try:
        return journal.last_seq
    finally:
        journal.close()


def check_state(folder: Path) -> None:
    """Compare the reopened state with the same commands carried out anew, in a session and without one."""
    with open_session(folder) as session:
        report = session.verify_replay()
        assert report.is_identical
        assert report.taken_over == 0
        state = snapshot(session)
    journal = Journal(folder / JOURNAL_NAME)
    again = replay(journal, make_volume(), segmenter=FakeSegmenter(), propagations=PROPAGATIONS)
    journal.close()
    assert again.labels.tobytes() == state.labels


@pytest.mark.slow
def test_a_killed_session_reopens_with_every_acknowledged_command_and_at_most_one_more(worker, tmp_path):
    random = Random(20240506)
    total = 0
    for kill in range(KILLS):
        folder = tmp_path / f"work {kill // LIVES_PER_FOLDER}"
        before = committed_entries(folder) if folder.exists() else 0
        last = live_and_die(worker, seed=kill, folder=folder, delay_s=random.uniform(0, 0.15))
        committed = committed_entries(folder)
        acknowledged = before if last is None else last
        assert acknowledged <= committed <= acknowledged + 1
        check_state(folder)
        total += committed - before
    assert total > KILLS  # the kills did hit sessions at work


def test_a_session_killed_while_it_is_created_can_be_created_or_opened(worker, tmp_path):
    for attempt in range(10):
        folder = tmp_path / str(attempt)
        worker.stdin.write(f"1 {folder}\n".encode())
        worker.stdin.flush()
        pid = int(lines_until(worker, "pid")[-1].split()[1])
        select.select([], [], [], attempt * 0.003)
        os.kill(pid, signal.SIGKILL)
        lines_until(worker, "dead")
        live_and_die(worker, seed=2, folder=folder, delay_s=0.01)
        check_state(folder)
