"""Propagation over HTTP: previews as they come, cancelling, and what may be done meanwhile."""

import json
import threading

import numpy as np
import pytest
from server_fakes import SHAPE, Gate, NearestPropagation, fake_networks

from isegformer.clicks import Click
from isegformer.server.wire import decode_block
from isegformer.slicing import Plane

CLICK = {"label": 1, "axis": 0, "index": 2, "clicks": [{"row": 4, "col": 2, "is_positive": True}]}


class Steps:
    """Stops a propagation before one slice."""

    def __init__(self, stop_before):
        self.gate = Gate()
        self._stop_before = stop_before

    def __call__(self, index):
        if index == self._stop_before:
            self.gate()


@pytest.fixture
def steps():
    return Steps(3)


@pytest.fixture
def client(serve, steps):
    made = serve(networks=fake_networks(propagation=lambda: NearestPropagation(before_slice=steps)))
    yield made
    steps.gate.open()


@pytest.fixture
def session(client, session):
    client.post(f"{session}/clicks", json=CLICK)
    client.post(f"{session}/commands", json={"type": "AcceptSlice", "axis": 0, "index": 2})
    return session


def until(socket, kind):
    """Return all frames up to the first JSON one of a type."""
    frames = []
    while True:
        frame = socket.receive()
        if frame.get("text") is None:
            frames.append(decode_block(frame["bytes"]))
            continue
        document = json.loads(frame["text"])
        frames.append(document)
        if document["type"] == kind:
            return frames


def test_slices_come_as_they_are_predicted_and_then_the_result(client, session, steps):
    with client.websocket_connect(f"{session}/events") as socket:
        socket.receive_json()
        job = client.post(f"{session}/propagation", json={"axis": 0})
        assert job.status_code == 202
        assert (job.json()["kind"], job.json()["axis"]) == ("propagation", 0)
        assert steps.gate.is_reached.wait(30)
        state = client.get(session).json()
        assert state["job"]["id"] == job.json()["id"]
        assert (state["job"]["state"], state["job"]["done"], state["job"]["total"]) == ("running", 3, 7)
        assert not decode_block(client.get(f"{session}/labels").content)[3][0].any()
        steps.gate.open()
        frames = until(socket, "job_ended")
    previews = [frame for frame in frames if isinstance(frame, tuple) and frame[1]]
    assert [box.start[0] for _, _, box, _ in previews] == list(range(SHAPE[0]))
    disk = previews[2][3][0]
    assert all((labels[0] == disk).all() for _, _, _, labels in previews)
    assert (frames[-1]["state"], frames[-1]["job_id"]) == ("done", job.json()["id"])
    (result,) = [frame for frame in frames if isinstance(frame, tuple) and not frame[1]]
    assert result[0] == 4
    state = client.get(session).json()
    assert state["job"] is None
    assert state["seq"] == 4
    assert state["advice"]["next"] == [{"index": 3, "reason": "object 1: far away", "gain": 0.01}]
    assert (state["advice"]["predicted_dice"], state["advice"]["stop"]) == ({"1": 0.95}, True)
    labels = decode_block(client.get(f"{session}/labels").content)[3]
    np.testing.assert_array_equal(labels, np.broadcast_to(disk, SHAPE))


def test_meanwhile_other_commands_are_refused_and_looking_is_not(client, session, steps):
    client.post(f"{session}/propagation", json={"axis": 0})
    assert steps.gate.is_reached.wait(30)
    undo = {"type": "Undo"}
    for answer in (
        client.post(f"{session}/clicks", json=CLICK),
        client.post(f"{session}/commands", json=undo),
        client.post(f"{session}/propagation", json={"axis": 0}),
        client.get(f"{session}/advice", params={"axis": 0}),
    ):
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:isegformer:problem:busy")
        assert "cancel" in answer.json()["advice"]
    assert client.get(session).status_code == 200
    assert client.get(f"{session}/history").status_code == 200


def test_others_click_between_the_slices(client, session, steps, scan_ids):
    other = (
        f"/api/sessions/{client.post('/api/sessions', json={'scan': scan_ids['more/b.nii']}).json()['id']}"
    )
    client.post(f"{other}/commands", json={"type": "AddObject", "label": 1, "name": "b"})
    turns = client.app.state.services.turns
    with client.websocket_connect(f"{session}/events") as socket:
        socket.receive_json()
        client.post(f"{session}/propagation", json={"axis": 0})
        assert steps.gate.is_reached.wait(30)
        future = client.app.state.services.queue(
            other.rsplit("/", 1)[1],
            lambda live: live.submit_clicks(
                (Click(row=4, col=2, is_positive=True),), label=1, plane=Plane(axis=0, index=2), user="ben"
            ),
        )
        while turns.waiting == 0:
            pass
        steps.gate.open()
        assert future.result(30).is_applied
        until(socket, "job_ended")


def test_a_cancelled_propagation_leaves_no_trace(client, session, steps):
    before = decode_block(client.get(f"{session}/labels").content)[3]
    with client.websocket_connect(f"{session}/events") as socket:
        socket.receive_json()
        client.post(f"{session}/propagation", json={"axis": 0})
        assert steps.gate.is_reached.wait(30)
        assert client.delete(f"{session}/propagation").status_code == 204
        assert client.get(session).json()["job"]["state"] == "cancelling"
        steps.gate.open()
        assert until(socket, "job_ended")[-1]["state"] == "cancelled"
    state = client.get(session).json()
    assert (state["job"], state["seq"]) == (None, 3)
    np.testing.assert_array_equal(decode_block(client.get(f"{session}/labels").content)[3], before)
    assert client.post(f"{session}/commands", json={"type": "Undo"}).status_code == 200


def test_without_a_propagation_there_is_nothing_to_cancel(client, session):
    answer = client.delete(f"{session}/propagation")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:isegformer:problem:not-found")


@pytest.mark.parametrize("error", [RuntimeError("broken"), MemoryError()])
def test_a_propagation_that_fails_says_so_and_the_session_goes_on(serve, scan_ids, session, client, error):
    def fail(index):
        raise error

    services = client.app.state.services
    live = services.sessions.take(session.rsplit("/", 1)[1])
    live._propagation._before_slice = fail
    try:
        with client.websocket_connect(f"{session}/events") as socket:
            socket.receive_json()
            client.post(f"{session}/propagation", json={"axis": 0})
            end = until(socket, "job_ended")[-1]
        assert end["state"] == "failed"
        assert end["problem"]["status"] in (500, 503)
        assert client.post(f"{session}/commands", json={"type": "Undo"}).status_code == 200
    finally:
        services.sessions.give_back(live)


def test_advice_can_be_asked_for(client, session):
    answer = client.get(f"{session}/advice", params={"axis": 0}).json()
    assert answer["next"][0]["index"] == 3
    assert client.get(f"{session}/advice", params={"axis": 3}).status_code == 422


def test_the_end_of_the_server_ends_a_propagation(client, session, steps, serve):
    client.post(f"{session}/propagation", json={"axis": 0})
    assert steps.gate.is_reached.wait(30)
    services = client.app.state.services
    with services.sessions.lease(session.rsplit("/", 1)[1]) as live:
        pass
    closing = threading.Thread(target=services.close)
    closing.start()
    while live.document().job.state != "cancelling":
        pass
    steps.gate.open()
    closing.join(30)
    assert serve().get(session).json()["seq"] == 3
