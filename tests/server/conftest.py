"""Fixtures: a data root with two small scans, and a client of the server on it."""

import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parent))  # for server_fakes, which the process to kill imports too

from server_fakes import TOKEN, fake_networks, make_settings, write_scan  # needs the line above

from isegformer.server import create_app


@pytest.fixture
def data_root(tmp_path):
    """Return a folder with the scans "a.nii.gz" and "more/b.nii"."""
    root = tmp_path / "data"
    write_scan(root / "a.nii.gz", seed=0)
    write_scan(root / "more" / "b.nii", seed=1)
    return root


@pytest.fixture
def serve(data_root, tmp_path):
    """Return a function that starts a server and returns its client; all end after the test."""
    with ExitStack() as stack:

        def start(*, networks=None, token=TOKEN, sample=None, adapter=None, **settings):
            app = create_app(
                make_settings(data_root, **settings),
                networks=networks or fake_networks(),
                sample=sample,
                adapter=adapter,
                static=tmp_path / "no static files",
            )
            client = TestClient(app, headers={"Authorization": f"Bearer {token}"} if token else {})
            return stack.enter_context(client)

        yield start


@pytest.fixture
def client(serve):
    """Return the client of a server with stand-ins for the networks."""
    return serve()


@pytest.fixture
def scan_ids(client):
    """Return the ids of the scans by name."""
    return {scan["name"]: scan["id"] for scan in client.get("/api/scans").json()["scans"]}


@pytest.fixture
def session(client, scan_ids):
    """Return the address of a session on the first scan, with the object 1."""
    made = client.post("/api/sessions", json={"scan": scan_ids["a.nii.gz"]})
    assert made.status_code == 201, made.text
    address = f"/api/sessions/{made.json()['id']}"
    added = client.post(f"{address}/commands", json={"type": "AddObject", "label": 1, "name": "liver"})
    assert added.status_code == 200, added.text
    return address
