"""A disk that is full, wherever it shows: one answer that says so, and nothing is left behind."""

import errno
import shutil

import pytest
from server_fakes import write_scan
from starlette import formparsers

from isegformer.server import scan_store
from isegformer.server.routes import exports


def full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device", "/a/path/of/the/server")


def check(answer):
    assert (answer.status_code, answer.json()["type"]) == (507, "urn:isegformer:problem:disk-full")
    assert "Free disk space" in answer.json()["advice"]
    assert "/a/path" not in answer.text


def test_voxels_for_the_browser(client, scan_ids, data_root, monkeypatch):
    def half_written(volume, draft):
        draft.write_bytes(b"123")
        full()

    with monkeypatch.context() as patch:
        patch.setattr(scan_store, "write_voxels", half_written)
        check(client.get(f"/api/scans/{scan_ids['a.nii.gz']}/volume.nii.gz"))
    assert list((data_root / ".isegformer" / "cache").iterdir()) == []
    assert client.get(f"/api/scans/{scan_ids['a.nii.gz']}/volume.nii.gz").status_code == 200


def test_exports(client, session, monkeypatch):
    monkeypatch.setattr(exports, "mkdtemp", full)
    check(client.get(f"{session}/exports/nifti"))


def test_volumes_that_slicer_sends(serve, data_root, monkeypatch):
    monkeypatch.setattr(shutil, "copyfileobj", full)
    data = write_scan(data_root / "x.nii.gz").read_bytes()
    check(serve(visitor="eva").put("/session/", files=[("files", ("x.nii.gz", data))]))
    assert not list((data_root / ".isegformer" / "temporary").rglob("volume*"))


@pytest.mark.parametrize("address", ["/api/scans", "/api/sessions/0/label-map"])
def test_bodies_that_are_put_aside(client, monkeypatch, address):
    class Full(formparsers.SpooledTemporaryFile):
        write = full

    monkeypatch.setattr(formparsers, "SpooledTemporaryFile", Full)
    check(client.post(address, files={"file": ("x.nii.gz", b"123")}))
