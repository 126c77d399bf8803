"""A server as a process, killed in the middle of its work, and asked by many at once."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import numpy as np
import pytest
from server_fakes import OTHER_TOKEN, SHAPE, TOKEN, write_scan
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from isegformer.server.wire import decode_block

HERE = Path(__file__).parent
AUTHORIZATION = {"Authorization": f"Bearer {TOKEN}"}


class Running:
    """A server process and a client of it."""

    def __init__(self, data_root):
        self.process = subprocess.Popen(
            [sys.executable, HERE / "server_to_kill.py", data_root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(HERE)])},
        )
        self.port = int(self.line("ready"))
        self.client = httpx2.Client(
            base_url=f"http://127.0.0.1:{self.port}", headers=AUTHORIZATION, timeout=60
        )

    def line(self, word):
        """Wait for a line that begins with a word, and return the rest of it."""
        for line in self.process.stdout:
            if line.startswith(word):
                return line[len(word) :].strip()
        raise AssertionError(f"the server ended before it said {word!r}")

    def go_on(self):
        self.process.stdin.write("go\n")

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        self.process.wait(60)

    def session(self, scan="a.nii.gz"):
        scans = {item["name"]: item["id"] for item in self.client.get("/api/scans").json()["scans"]}
        made = self.client.post("/api/sessions", json={"scan": scans[scan]}).raise_for_status().json()
        return f"/api/sessions/{made['id']}"

    def post(self, address, body, **options):
        return self.client.post(address, json=body, **options).raise_for_status().json()


@pytest.fixture
def start(data_root):
    """Return a function that starts a server process on the data root; all are gone after the test."""
    with ExitStack() as stack:

        @contextmanager
        def running():
            server = Running(data_root)
            try:
                yield server
            finally:
                server.client.close()
                server.process.stdin.close()
                server.kill()
                server.process.stdout.close()

        yield lambda: stack.enter_context(running())


def drain(socket):
    while True:
        socket.recv(30)


def click(row, col):
    return {"label": 1, "axis": 0, "index": 2, "clicks": [{"row": row, "col": col, "is_positive": True}]}


def test_a_server_killed_in_a_propagation_comes_back_with_the_state_before_it(start):
    first = start()
    session = first.session()
    first.post(f"{session}/commands", {"type": "AddObject", "label": 1, "name": "liver"})
    first.post(f"{session}/clicks", click(4, 2))
    first.post(f"{session}/commands", {"type": "AcceptSlice", "axis": 0, "index": 2})
    before = first.client.get(session).json()
    labels = first.client.get(f"{session}/labels").content
    first.post(f"{session}/propagation", {"axis": 0})
    for index in range(3):
        first.line(f"slice {index}")
        first.go_on()
    first.line("slice 3")
    first.kill()

    second = start()
    assert second.session() == session
    assert second.client.get(session).json() == before
    assert second.client.get(f"{session}/labels").content == labels
    second.post(f"{session}/propagation", {"axis": 0})
    for index in range(SHAPE[0]):
        second.line(f"slice {index}")
        second.go_on()
    while second.client.get(session).json()["job"] is not None:
        pass
    assert second.client.get(session).json()["seq"] == before["seq"] + 1


def test_a_server_that_is_asked_to_end_ends_its_propagation_and_closes_its_sessions(start):
    first = start()
    session = first.session()
    first.post(f"{session}/commands", {"type": "AddObject", "label": 1, "name": "liver"})
    first.post(f"{session}/commands", {"type": "AcceptSlice", "axis": 0, "index": 2})
    first.post(f"{session}/commands", {"type": "ReopenSlice", "axis": 0, "index": 2})
    first.post(f"{session}/clicks", click(4, 2))
    first.post(f"{session}/commands", {"type": "AcceptSlice", "axis": 0, "index": 2})
    with connect(f"ws://127.0.0.1:{first.port}{session}/events", additional_headers=AUTHORIZATION) as socket:
        socket.recv(30)
        first.post(f"{session}/propagation", {"axis": 0})
        first.line("slice 0")
        first.process.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionClosed):
            drain(socket)
    first.process.stdin.close()  # the slices go on without waiting
    assert first.process.wait(60) == -signal.SIGTERM
    state = start().client.get(session).json()
    assert (state["seq"], state["job"]) in ((5, None), (6, None))  # ended before the last slice, or after it


def test_eight_people_clicking_at_once_are_all_served_and_see_their_own_work(start, data_root):
    scans = [write_scan(data_root / f"person{number}.nii", seed=number).name for number in range(8)]
    server = start()
    sessions = [server.session(scan) for scan in scans]
    for session in sessions:
        server.post(f"{session}/commands", {"type": "AddObject", "label": 1, "name": "liver"})

    def clicks_of(number):
        token = TOKEN if number % 2 else OTHER_TOKEN
        headers, times_s = {"Authorization": f"Bearer {token}"}, []
        with httpx2.Client(base_url=server.client.base_url, headers=headers, timeout=60) as client:
            for turn in range(6):
                started = time.perf_counter()
                answer = client.post(f"{sessions[number]}/clicks", json=click(number, turn % SHAPE[2]))
                times_s.append(time.perf_counter() - started)
                assert answer.status_code == 200, answer.text
                assert answer.json()["state"]["id"] == sessions[number].rsplit("/", 1)[1]
        return times_s

    with ThreadPoolExecutor(8) as pool:
        times_s = np.array(list(pool.map(clicks_of, range(8))))
    assert np.median(times_s, axis=1).max() < 10 * np.median(times_s) + 0.5, "nobody is starved"
    for number, session in enumerate(sessions):
        state = server.client.get(session).json()
        assert [c["row"] for c in state["clicks"]] == [number] * 6
        users = {e["user"] for e in server.client.get(f"{session}/history").json()["entries"][1:]}
        assert users == {"eva" if number % 2 else "ben"}


def test_sockets_of_others_are_refused_before_they_open(start):
    server = start()
    address = f"ws://127.0.0.1:{server.port}{server.session()}/events"
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {**AUTHORIZATION, "Origin": "http://evil.example"},
    ):
        with pytest.raises(InvalidStatus, match="403"), connect(address, additional_headers=headers):
            pass
    origin = f"http://127.0.0.1:{server.port}"
    with connect(address, additional_headers=AUTHORIZATION, origin=origin) as socket:
        assert "state" in socket.recv(30)


def test_two_servers_on_one_data_root_do_not_write_one_session(start):
    first, second = start(), start()
    session = first.session()
    answer = second.client.get(session)
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:isegformer:problem:open-elsewhere"
    assert decode_block(first.client.get(f"{session}/labels").content)[0] == 0
