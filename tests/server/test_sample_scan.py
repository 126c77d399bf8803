"""The sample: put into the data root once, on request, and nothing that lies there is touched."""

import numpy as np
import pytest
from server_fakes import SHAPE, fake_networks, make_settings
from starlette.testclient import TestClient

from isegformer.server import Sample, create_app
from isegformer.volume import Geometry, Volume, read_volume

ROUTE = "/api/scans/sample"


def brain():
    voxels = np.arange(np.prod(SHAPE), dtype=np.float32).reshape(SHAPE) / 7
    return Volume(voxels, Geometry(SHAPE, np.diag([2.0, 2.0, 3.0, 1.0])))


@pytest.fixture
def sampled(serve):
    """Return the client of a server with a sample."""
    return serve(sample=Sample(stem="sample-brain", title="sample brain", read=brain))


def test_the_server_says_what_its_sample_is(sampled, serve):
    assert sampled.get("/api/about").json()["sample"] == "sample brain"
    assert serve().get("/api/about").json()["sample"] is None


def test_the_sample_becomes_a_scan_with_the_voxels_and_the_grid_of_the_volume(sampled, data_root):
    answer = sampled.post(ROUTE)
    assert answer.status_code == 201
    assert answer.json()["name"] == "sample-brain.nii.gz"
    written = read_volume(data_root / "sample-brain.nii.gz")
    np.testing.assert_array_equal(written.voxels, brain().voxels)
    assert written.geometry.is_close(brain().geometry)
    assert sampled.post("/api/sessions", json={"scan": answer.json()["id"]}).status_code == 201


def test_the_sample_is_put_there_once_and_hides_nothing_behind(sampled, data_root):
    first, second = sampled.post(ROUTE), sampled.post(ROUTE)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert sorted(path.name for path in data_root.iterdir()) == [
        ".isegformer",
        "a.nii.gz",
        "more",
        "sample-brain.nii.gz",
    ]


def test_a_link_of_the_samples_name_is_neither_followed_nor_replaced(sampled, data_root, tmp_path):
    outside = tmp_path / "outside.nii.gz"
    (data_root / "sample-brain.nii.gz").symlink_to(outside)
    assert sampled.post(ROUTE).json()["name"] == "sample-brain-2.nii.gz"
    assert not outside.exists()
    assert (data_root / "sample-brain.nii.gz").is_symlink()


def test_without_a_sample_the_answer_says_how_to_get_one(client):
    answer = client.post(ROUTE)
    assert answer.status_code == 404
    assert "isegformer[demo]" in answer.json()["detail"]


def test_a_folder_that_cannot_be_written_is_told(sampled, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("isegformer.server.sample_scan.write_voxels", refused)
    answer = sampled.post(ROUTE)
    assert answer.status_code == 507
    assert "where you may write" in answer.json()["detail"]


def test_a_newcomer_starts_in_an_empty_folder(tmp_path):
    root = tmp_path / "empty"
    root.mkdir()
    sample = Sample(stem="sample-brain", title="sample brain", read=brain)
    app = create_app(make_settings(root), networks=fake_networks(), sample=sample, static=tmp_path / "none")
    with TestClient(app, headers={"Authorization": f"Bearer {'t' * 32}"}) as client:
        assert client.get("/api/scans").json()["scans"] == []
        scan = client.post(ROUTE).json()["id"]
        assert [one["id"] for one in client.get("/api/scans").json()["scans"]] == [scan]
