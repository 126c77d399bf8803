"""Sessions over HTTP: what is applied, what is refused and how that is said, who sees what."""

import base64
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from server_fakes import (
    OTHER_TOKEN,
    SHAPE,
    DiskSegmenter,
    Gate,
    fake_networks,
    write_scan,
)

from isegformer.server.wire import decode_block

SLICE = {"label": 1, "axis": 0, "index": 2}


def click(row=4, col=2, *, is_positive=True, **where):
    return {**SLICE, **where, "clicks": [{"row": row, "col": col, "is_positive": is_positive}]}


def command(client, session, **document):
    return client.post(f"{session}/commands", json=document)


def problem(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].rsplit(":", 1)[1]


def labels_of(client, session):
    return decode_block(client.get(f"{session}/labels").content)[3]


def test_a_session_is_made_once_for_a_scan(client, scan_ids):
    body = {"scan": scan_ids["more/b.nii"]}
    assert [client.post("/api/sessions", json=body).status_code for _ in range(2)] == [201, 200]
    listed = {scan["name"]: scan["session"] for scan in client.get("/api/scans").json()["scans"]}
    assert listed["a.nii.gz"] is None
    assert (listed["more/b.nii"]["objects"], listed["more/b.nii"]["accepted"]) == (0, 0)


def test_a_session_says_where_its_voxels_lie(client, session):
    state = client.get(session).json()
    assert state["shape"] == list(SHAPE)
    assert state["spacing_mm"] == [1.5, 2.0, 3.0]
    assert state["affine"][0] == [0.0, 0.0, 3.0, -5.0]
    assert state["objects"] == [
        {
            "label": 1,
            "name": "liver",
            "colour": "#e6194b",
            "is_locked": False,
            "is_visible": True,
            "voxels": 0,
            "volume_ml": 0.0,
        }
    ]


def test_a_list_of_scans_tells_how_far_their_sessions_are(client, session):
    command(client, session, type="AcceptSlice", axis=2, index=1)
    outline = client.get("/api/scans").json()["scans"][0]["session"]
    assert (outline["objects"], outline["accepted"]) == (1, 1)


def test_every_other_command_is_applied_and_seen(client, session):
    for document in (
        {"type": "RenameObject", "label": 1, "name": "spleen"},
        {"type": "RecolourObject", "label": 1, "colour": "#010203"},
        {"type": "SetObjectVisible", "label": 1, "is_visible": False},
        {"type": "SetOverlapRule", "rule": "replace_existing"},
        {"type": "SetWindow", "low": -5, "high": 7.5},
        {"type": "AcceptSlice", "axis": 1, "index": 3},
        {"type": "ReopenSlice", "axis": 1, "index": 3},
        {"type": "AcceptSlice", "axis": 2, "index": 4},
        {"type": "SetObjectLocked", "label": 1, "is_locked": True},
    ):
        answer = command(client, session, **document)
        assert answer.status_code == 200, answer.text
    state = answer.json()["state"]
    (item,) = state["objects"]
    assert (item["name"], item["colour"], item["is_visible"], item["is_locked"]) == (
        "spleen",
        "#010203",
        False,
        True,
    )
    assert (state["overlap_rule"], state["window"]) == ("replace_existing", {"low": -5.0, "high": 7.5})
    assert state["accepted"] == [{"axis": 2, "index": 4}]
    assert state["seq"] == 10


def test_several_clicks_sent_at_once_are_one_step(client, session):
    body = {
        **SLICE,
        "clicks": [{"row": 4, "col": 2, "is_positive": True}, {"row": 0, "col": 0, "is_positive": True}],
    }
    state = client.post(f"{session}/clicks", json=body).json()["state"]
    assert (len(state["clicks"]), state["seq"]) == (2, 2)
    assert command(client, session, type="Undo").json()["state"]["clicks"] == []


def test_a_box_is_clicks_in_and_around_it(client, session):
    box = {**SLICE, "row_start": 2, "row_stop": 7, "col_start": 0, "col_stop": 3}
    state = client.post(f"{session}/boxes", json=box).json()["state"]
    assert [(c["row"], c["col"], c["is_positive"]) for c in state["clicks"]] == [
        (4, 1, True),
        (1, 1, False),
        (7, 1, False),
        (4, 3, False),
    ]


def test_a_painted_mask_is_drawn(client, session):
    mask = np.zeros(SHAPE[1:], bool)
    mask[3, 1:4] = True
    runs = base64.b64encode(zlib.compress(np.packbits(mask).tobytes())).decode()
    answer = client.post(f"{session}/paint", json={**SLICE, "runs": runs})
    assert answer.json()["changed"] == {"start": [2, 3, 1], "stop": [3, 4, 4]}
    np.testing.assert_array_equal(labels_of(client, session)[2], mask)


@pytest.mark.parametrize(
    ("route", "body", "expected"),
    [
        ("clicks", click(9), (422, "click")),
        ("clicks", click(label=7), (409, "session")),
        ("clicks", click(index=7), (409, "session")),
        ("clicks", click(axis=3), (422, "request")),
        ("clicks", click(row="4"), (422, "request")),
        ("clicks", {**SLICE, "clicks": []}, (422, "request")),
        ("clicks", {**click(), "more": 1}, (422, "request")),
        ("boxes", {**SLICE, "row_start": 2, "row_stop": 2, "col_start": 0, "col_stop": 3}, (422, "geometry")),
        ("boxes", {**SLICE, "row_start": 2, "row_stop": 10, "col_start": 0, "col_stop": 3}, (422, "click")),
        ("paint", {**SLICE, "runs": "?"}, (422, "request")),
        ("paint", {**SLICE, "runs": base64.b64encode(b"junk").decode()}, (409, "session")),
        ("commands", {"type": "Explode"}, (422, "request")),
        ("commands", {"type": "AddObject", "label": 1, "name": "b"}, (409, "session")),
        ("commands", {"type": "AddObject", "label": 2, "name": " "}, (422, "request")),
        ("commands", {"type": "Propagate", "axis": 0, "method": "nearest"}, (422, "request")),
        ("commands", {"type": "Redo"}, (409, "session")),
        ("propagation", {"axis": 0}, (409, "session")),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason_and_changes_nothing(
    client, session, route, body, expected
):
    answer = client.post(f"{session}/{route}", json=body)
    assert problem(answer) == expected
    assert answer.json()["detail"]
    assert client.get(session).json()["seq"] == 1


def test_names_have_an_end(client, session):
    for command in ({"type": "AddObject", "label": 2}, {"type": "RenameObject", "label": 1}):
        for length, status in ((201, 422), (200, 200)):
            answer = client.post(f"{session}/commands", json={**command, "name": command["type"][0] * length})
            assert answer.status_code == status
    assert [len(item["name"]) for item in client.get(session).json()["objects"]] == [200, 200]


def test_a_locked_object_says_so(client, session):
    command(client, session, type="SetObjectLocked", label=1, is_locked=True)
    answer = client.post(f"{session}/clicks", json=click())
    assert problem(answer) == (409, "locked-object")
    assert answer.json()["advice"] == "Unlock the object."


@pytest.mark.parametrize("name", ["0" * 16, "nothing", "..%2f..%2fetc", "%00"])
def test_sessions_and_scans_that_are_not_there_are_not_found(client, name):
    assert problem(client.get(f"/api/sessions/{name}"))[0] == 404
    assert problem(client.get(f"/api/scans/{name}"))[0] == 404
    assert problem(client.post("/api/sessions", json={"scan": "0" * 16})) == (404, "not-found")


def test_a_scan_that_cannot_be_read_says_why(client, data_root):
    (data_root / "bad.nii").write_bytes(b"no volume")
    bad = next(scan for scan in client.get("/api/scans").json()["scans"] if scan["name"] == "bad.nii")
    for answer in (
        client.get(f"/api/scans/{bad['id']}"),
        client.post("/api/sessions", json={"scan": bad["id"]}),
    ):
        assert problem(answer) == (422, "unreadable-scan")
        assert "bad.nii" in answer.json()["detail"]


def test_a_scan_that_was_replaced_is_not_the_one_the_session_was_made_on(serve, data_root):
    first = serve()
    scan = first.get("/api/scans").json()["scans"][0]["id"]
    first.post("/api/sessions", json={"scan": scan})
    first.__exit__(None, None, None)
    write_scan(data_root / "a.nii.gz", seed=9)
    answer = serve().post("/api/sessions", json={"scan": scan})
    assert problem(answer) == (409, "other-volume")


def test_another_server_goes_on_with_other_weights_and_the_history_says_so(serve):
    first = serve()
    scan = first.get("/api/scans").json()["scans"][0]["id"]
    session = f"/api/sessions/{first.post('/api/sessions', json={'scan': scan}).json()['id']}"
    command(first, session, type="AddObject", label=1, name="liver")
    first.__exit__(None, None, None)
    second = serve(networks=fake_networks(weights="d"))
    assert second.get(session).json()["weights"]["click"] == "d" * 64
    assert [entry["type"] for entry in second.get(f"{session}/history").json()["entries"]] == [
        "AddObject",
        "AdoptWeights",
    ]


def test_two_people_on_one_session_see_each_other_and_are_told_apart(client, session):
    ben = {"Authorization": f"Bearer {OTHER_TOKEN}"}
    with (
        client.websocket_connect(f"{session}/events") as first,
        client.websocket_connect(f"{session}/events", headers=ben) as second,
    ):
        assert first.receive_json()["session"]["seq"] == second.receive_json()["session"]["seq"] == 1
        client.post(f"{session}/clicks", json=click())
        client.post(f"{session}/clicks", json=click(0, 0), headers=ben)
        for socket in (first, second):
            frames = [socket.receive() for _ in range(4)]
            assert ["bytes" if frame.get("bytes") else "text" for frame in frames] == ["bytes", "text"] * 2
            assert [decode_block(frames[n]["bytes"])[0] for n in (0, 2)] == [2, 3]
    users = [entry["user"] for entry in client.get(f"{session}/history").json()["entries"]]
    assert users == ["eva", "eva", "ben"]
    assert command(client, session, type="Undo").json()["state"]["seq"] == 4


def test_clicks_that_pile_up_share_one_prediction_and_none_is_lost(serve):
    gate = Gate()
    client = serve(networks=fake_networks(segmenter=lambda: DiskSegmenter(before=gate)))
    scan = client.get("/api/scans").json()["scans"][0]["id"]
    session = f"/api/sessions/{client.post('/api/sessions', json={'scan': scan}).json()['id']}"
    command(client, session, type="AddObject", label=1, name="liver")
    with ThreadPoolExecutor() as pool:
        first = pool.submit(client.post, f"{session}/clicks", json=click(0, 0))
        assert gate.is_reached.wait(30)
        worker = client.app.state.services.worker
        rest = []
        for number in range(1, 4):
            rest.append(pool.submit(client.post, f"{session}/clicks", json=click(number, 0)))
            while worker.waiting < number:
                pass
        gate.open()
        assert first.result(30).json()["seq"] == 2
        assert [answer.result(30).json()["seq"] for answer in rest] == [3, 3, 3]
    rows = [c["row"] for c in client.get(session).json()["clicks"]]
    assert rows == [0, 1, 2, 3]
    types = [entry["type"] for entry in client.get(f"{session}/history").json()["entries"]]
    assert types == ["AddObject", "AddClick", "AddClicks"]


def test_while_the_network_works_everything_else_answers(serve):
    gate = Gate()
    client = serve(networks=fake_networks(segmenter=lambda: DiskSegmenter(before=gate)))
    scans = [scan["id"] for scan in client.get("/api/scans").json()["scans"]]
    session = f"/api/sessions/{client.post('/api/sessions', json={'scan': scans[0]}).json()['id']}"
    command(client, session, type="AddObject", label=1, name="liver")
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(client.post, f"{session}/clicks", json=click())
        assert gate.is_reached.wait(30)
        assert client.get("/api/about").status_code == 200
        assert client.get(session).json()["seq"] == 1
        assert client.get(f"{session}/labels").status_code == 200
        assert client.post("/api/sessions", json={"scan": scans[1]}).status_code == 201
        assert not answer.done()
        gate.open()
        assert answer.result(30).json()["seq"] == 2


def test_a_network_that_fails_is_told_without_its_secrets_and_the_server_goes_on(serve, caplog):
    failures = iter([True])

    def fail_once():
        if next(failures, False):
            raise RuntimeError("password 1234")

    client = serve(networks=fake_networks(segmenter=lambda: DiskSegmenter(before=fail_once)))
    scan = client.get("/api/scans").json()["scans"][0]["id"]
    session = f"/api/sessions/{client.post('/api/sessions', json={'scan': scan}).json()['id']}"
    command(client, session, type="AddObject", label=1, name="liver")
    answer = client.post(f"{session}/clicks", json=click())
    assert problem(answer) == (500, "unexpected")
    assert "1234" not in answer.text
    assert "password 1234" in caplog.text
    assert client.post(f"{session}/clicks", json=click()).json()["seq"] == 2


def test_sessions_above_the_memory_budget_are_closed_and_come_back_as_they_were(serve, data_root):
    for number in range(4):
        write_scan(data_root / f"n{number}.nii", seed=number)
    client = serve(memory_budget_bytes=3000)  # a volume and its labels take 1260 bytes
    sessions = []
    for scan in client.get("/api/scans").json()["scans"]:
        session = f"/api/sessions/{client.post('/api/sessions', json={'scan': scan['id']}).json()['id']}"
        command(client, session, type="AddObject", label=1, name="liver")
        client.post(f"{session}/clicks", json=click(len(sessions)))
        sessions.append(session)
        assert client.app.state.services.leases.size_bytes <= 3000
    for number, session in enumerate(sessions):
        assert client.get(session).json()["clicks"][0]["row"] == number
        assert labels_of(client, session)[2, number, 2] == 1


def test_the_end_of_the_server_waits_for_the_click_at_work(serve):
    gate = Gate()
    client = serve(networks=fake_networks(segmenter=lambda: DiskSegmenter(before=gate)))
    scan = client.get("/api/scans").json()["scans"][0]["id"]
    session = f"/api/sessions/{client.post('/api/sessions', json={'scan': scan}).json()['id']}"
    command(client, session, type="AddObject", label=1, name="liver")
    services = client.app.state.services
    with ThreadPoolExecutor() as pool:
        pool.submit(client.post, f"{session}/clicks", json=click())
        assert gate.is_reached.wait(30)
        closing = threading.Thread(target=services.close)
        closing.start()
        closing.join(0.05)
        assert closing.is_alive()
        gate.open()
        closing.join(30)
    assert not closing.is_alive()
    again = serve()
    assert again.get(session).json()["seq"] == 2


def test_a_scan_that_is_replaced_while_it_is_worked_on_is_noticed(client, session, data_root):
    path = data_root / "a.nii.gz"
    original, before = path.read_bytes(), client.get(session).json()
    write_scan(path, seed=9)
    for answer in (client.get(session), client.post(f"{session}/commands", json={"type": "Undo"})):
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:isegformer:problem:other-volume")
        assert "Put the original back" in answer.json()["advice"]
    path.write_bytes(original)
    assert client.get(session).json() == before


def test_a_scan_that_was_only_copied_over_itself_is_worked_on(client, session, data_root):
    path = data_root / "a.nii.gz"
    before = client.get(session).json()
    path.write_bytes(path.read_bytes())
    assert client.get(session).json() == before


def test_a_scan_that_is_removed_while_it_is_worked_on_is_noticed(client, session, data_root):
    (data_root / "a.nii.gz").unlink()
    answer = client.get(session)
    assert answer.status_code == 404
    assert "there is no scan" in answer.json()["detail"]


def test_a_server_that_is_shutting_down_says_so(client, session):
    client.app.state.services.leases.shut()
    answer = client.get(session)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:isegformer:problem:shutting-down")
    assert "Start isegformer again" in answer.json()["advice"]
