"""Masks that were made elsewhere, taken over into a session, or refused with advice."""

import numpy as np
import pytest
from server_fakes import SHAPE

from isegformer.server import Limits
from isegformer.volume import Geometry, LabelMap, read_volume, write_label_map


@pytest.fixture
def geometry(data_root):
    """The grid of the session's scan."""
    return read_volume(data_root / "a.nii.gz").geometry


@pytest.fixture
def made(tmp_path):
    """Return a function that returns the bytes of a mask file."""

    def make(labels, geometry, suffix=".nii.gz", names=None):
        path = tmp_path / f"mask{suffix}"
        write_label_map(LabelMap(np.asarray(labels, np.uint16), geometry, names or {}), path)
        return path.read_bytes()

    return make


def some_labels():
    labels = np.zeros(SHAPE, np.uint16)
    labels[1:3, 2:5, 1] = 2
    labels[4, 4, 2:4] = 700
    return labels


def send(client, session, data, name="mask.nii.gz"):
    return client.post(f"{session}/label-map", files={"file": (name, data)})


def check_refused(answer, status, kind, detail):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:isegformer:problem:{kind}"
    assert detail in answer.json()["detail"]


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_a_mask_becomes_objects_in_one_step_of_undo(client, session, made, geometry, suffix):
    data = made(some_labels(), geometry, suffix)
    answer = send(client, session, data, f"by Eva{suffix.upper()}")
    assert answer.status_code == 200, answer.text
    state = answer.json()["state"]
    assert [(item["label"], item["voxels"]) for item in state["objects"]] == [(1, 0), (2, 6), (700, 2)]
    assert answer.json()["changed"] == {"start": [1, 2, 1], "stop": [5, 5, 4]}
    undone = client.post(f"{session}/commands", json={"type": "Undo"}).json()["state"]
    assert [item["label"] for item in undone["objects"]] == [1]
    history = client.get(f"{session}/history").json()["entries"]
    assert (history[1]["type"], history[1]["user"]) == ("ImportLabelMap", "eva")


def test_names_in_the_file_are_taken_over(client, session, made, geometry):
    data = made(some_labels(), geometry, ".nrrd", names={2: "spleen"})
    objects = send(client, session, data, "mask.nrrd").json()["state"]["objects"]
    assert [item["name"] for item in objects] == ["liver", "spleen", "label 700"]


def test_a_mask_on_another_grid_is_refused_with_advice(client, session, made, geometry):
    moved = np.array(geometry.affine)
    moved[0, 3] += 1
    for other in (Geometry(SHAPE, moved), Geometry((7, 9, 4), geometry.affine)):
        answer = send(client, session, made(np.ones(other.shape), other))
        check_refused(answer, 422, "mask", "expected that of its scan, (7, 9, 5)")
        assert "Resample it onto the scan" in answer.json()["advice"]
    larger = Geometry((70, 90, 50), geometry.affine)
    check_refused(send(client, session, made(np.ones(larger.shape), larger)), 422, "mask", "at most 315")
    assert client.get(session).json()["objects"][0]["voxels"] == 0


def test_a_scan_is_not_taken_for_a_mask(client, session, data_root, monkeypatch):
    monkeypatch.setattr("isegformer.server.sent_masks.MOST_OBJECTS", 100)
    answer = send(client, session, (data_root / "a.nii.gz").read_bytes())
    check_refused(answer, 422, "mask", "is it a scan?")


def test_what_is_no_mask_is_refused(client, session, made, geometry):
    check_refused(send(client, session, b"x" * 100), 422, "mask", "the mask cannot be used")
    check_refused(send(client, session, b"", "mask.png"), 422, "mask", ".nii.gz, .nii, .nrrd, .mha")
    check_refused(send(client, session, made(np.zeros(SHAPE), geometry)), 409, "session", "is empty")


def test_a_header_cannot_show_another_file(client, session, data_root):
    secret = data_root / "secret.raw"
    secret.write_bytes(b"s" * 315)
    header = f"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 7 9 5\nencoding: raw\ndata file: {secret}\n\n"
    check_refused(send(client, session, header.encode(), "mask.nrrd"), 422, "mask", "the mask cannot be used")


def test_a_locked_object_stays_as_it_is(client, session, made, geometry):
    client.post(f"{session}/commands", json={"type": "SetObjectLocked", "label": 1, "is_locked": True})
    answer = send(client, session, made(np.ones(SHAPE), geometry))
    check_refused(answer, 409, "locked-object", "liver")


def test_masks_may_be_as_large_as_scans_and_no_larger(serve, data_root):
    client = serve(limits=Limits(upload_bytes=10_000, body_bytes=1000))
    scan = client.get("/api/scans").json()["scans"][0]["id"]
    session = f"/api/sessions/{client.post('/api/sessions', json={'scan': scan}).json()['id']}"
    check_refused(send(client, session, b"x" * 9000), 422, "mask", "the mask cannot be used")
    check_refused(send(client, session, b"x" * 11_000), 413, "too-large", "10000")
    check_refused(send(client, session, b"x" * 200_000), 413, "too-large", "bytes")


def test_a_mask_without_a_session_is_refused(client):
    check_refused(send(client, "/api/sessions/0123456789abcdef", b""), 404, "not-found", "no session")
