import base64
import gzip

import nibabel as nib
import numpy as np
import pytest
from server_fakes import SHAPE, voxels_of

from isegformer.server.wire import decode_block

CLICK = {"label": 1, "axis": 0, "index": 2, "clicks": [{"row": 4, "col": 2, "is_positive": True}]}


def labels_of(client, session):
    answer = client.get(f"{session}/labels")
    assert answer.status_code == 200
    seq, is_preview, box, labels = decode_block(answer.content)
    assert (box.start, box.stop, is_preview) == ((0, 0, 0), SHAPE, False)
    assert answer.headers["x-seq"] == str(seq)
    return labels


def disk():
    rows, cols = np.indices(SHAPE[1:])
    return np.hypot(rows - 4, cols - 2) <= 2


def test_from_scan_to_click_to_undo_and_back(client, session, scan_ids):
    got = client.get(f"/api/scans/{scan_ids['a.nii.gz']}/volume.nii.gz")
    image = nib.Nifti1Image.from_bytes(gzip.decompress(got.content))
    np.testing.assert_array_equal(np.asarray(image.dataobj), voxels_of(0))

    applied = client.post(f"{session}/clicks", json=CLICK).json()
    assert applied["is_applied"]
    assert applied["seq"] == 2
    assert applied["changed"] == {"start": [2, 2, 0], "stop": [3, 7, 5]}
    seq, _, _, block = decode_block(base64.b64decode(applied["block"]))
    assert seq == 2
    np.testing.assert_array_equal(block[0], disk()[2:7])
    expected = np.zeros(SHAPE, np.uint16)
    expected[2] = disk()
    np.testing.assert_array_equal(labels_of(client, session), expected)
    (item,) = applied["state"]["objects"]
    assert (item["voxels"], item["volume_ml"]) == (13, pytest.approx(13 * 0.009))

    undone = client.post(f"{session}/commands", json={"type": "Undo"}).json()
    assert not labels_of(client, session).any()
    assert undone["state"]["clicks"] == []
    assert undone["state"]["can_redo"]
    client.post(f"{session}/commands", json={"type": "Redo"})
    np.testing.assert_array_equal(labels_of(client, session), expected)
    entries = client.get(f"{session}/history").json()["entries"]
    assert [entry["type"] for entry in entries] == ["AddObject", "AddClick", "Undo", "Redo"]
    assert {entry["user"] for entry in entries} == {"eva"}


def test_who_watches_sees_the_state_then_every_command_of_anybody(client, session):
    with client.websocket_connect(f"{session}/events") as socket:
        assert socket.receive_json()["session"]["seq"] == 1
        client.post(f"{session}/clicks", json=CLICK)
        seq, is_preview, box, _ = decode_block(socket.receive_bytes())
        assert (seq, is_preview, box.start) == (2, False, (2, 2, 0))
        state = socket.receive_json()
        assert (state["type"], state["session"]["seq"]) == ("state", 2)


def test_without_browser_files_the_start_page_says_how_to_build_them(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert "make web" in answer.text
