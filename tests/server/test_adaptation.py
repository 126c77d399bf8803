"""Adapting the click network on a server: one run at a time, and weights that can be taken and given back.

A small script stands in for the process that learns; it says what the test wants it to say.
"""

import json
import sys

import numpy as np
import pytest
from server_fakes import DiskSegmenter, fake_networks, write_scan

from isegformer.server import Adapter

ROUTE = "/api/adaptation"
CLICK = {"label": 1, "axis": 0, "index": 3, "clicks": [{"row": 4, "col": 4, "is_positive": True}]}
MEASURE = "mean clicks to IoU 0.85"

PREAMBLE = """
import json, pathlib, sys
folder = pathlib.Path(sys.argv[1])
def say(**said):
    print(json.dumps(said), flush=True)
def report(after):
    improved = after < 9.0
    if improved:
        (folder / "adapted.safetensors").write_bytes(b"weights")
    say(type="report", measure="mean clicks to IoU 0.85", before=9.0, after=after, improved=improved)
"""
BETTER = PREAMBLE + "report(4.5)"
NO_BETTER = PREAMBLE + "report(9.0)"
PROBLEM = PREAMBLE + "say(type='problem', detail='too few slices')"
SILENT = PREAMBLE + "print('hello'); sys.exit('the machine is on fire')"
ENDLESS = (
    PREAMBLE
    + """
say(type="progress", measured=9.0, best=9.0, seconds=1.0, seconds_left=60.0)
say(type="progress", measured=7.0, best=7.0, seconds=2.0, seconds_left=59.0)
sys.stdin.read()
"""
)
KEEPS_REQUEST = (
    PREAMBLE
    + """
import shutil
shutil.copytree(folder, folder.parent.parent / "asked")
report(9.0)
"""
)


class WideSegmenter(DiskSegmenter):
    """As if it had learned that everything belongs to the object."""

    def predict(self, clicks, previous):
        drawn = super().predict(clicks, previous)
        drawn.mask[...] = True
        return drawn


def adapter(script, *, obstacle=None):
    return Adapter(
        command=lambda folder: [sys.executable, "-c", script, str(folder)],
        load=lambda path: fake_networks(segmenter=WideSegmenter, weights="d"),
        start_from="disks",
        obstacle=obstacle,
    )


@pytest.fixture
def start(serve, data_root):
    """Return a function that starts a server whose adapter runs a script; slice 3 of "a" is accepted."""

    def started(script, **options):
        client = serve(adapter=adapter(script, **options))
        scans = {scan["name"]: scan["id"] for scan in client.get("/api/scans").json()["scans"]}
        made = client.post("/api/sessions", json={"scan": scans["a.nii.gz"]})
        if made.status_code == 201:
            session = f"/api/sessions/{made.json()['id']}"
            command(client, session, type="AddObject", label=1, name="liver")
            assert client.post(f"{session}/clicks", json=CLICK).status_code == 200
            command(client, session, type="AcceptSlice", axis=0, index=3)
        return client, f"/api/sessions/{made.json()['id']}"

    return started


def command(client, session, **document):
    answer = client.post(f"{session}/commands", json=document)
    assert answer.status_code == 200, answer.text
    return answer.json()


def adapted(client):
    """Start a run, wait for its end, and return how things stand."""
    answer = client.post(ROUTE, json={"minutes": 1})
    assert answer.status_code == 202, answer.text
    while client.get(ROUTE).json()["run"] is not None:
        pass
    return client.get(ROUTE).json()


def voxels_after_a_click(client, session, *, index):
    click = {**CLICK, "index": index}
    answer = client.post(f"{session}/clicks", json=click)
    assert answer.status_code == 200, answer.text
    return answer.json()["state"]["objects"][0]["voxels"]


def test_better_weights_are_offered_and_not_used_before_somebody_says_so(start, data_root):
    client, _ = start(BETTER)
    assert client.get(ROUTE).json()["cases"] == 1
    done = adapted(client)
    assert done["last"] == {"state": "better", "detail": None, "before": 9.0, "after": 4.5}
    result = done["result"]
    assert (result["measure"], result["cases"], result["user"]) == (MEASURE, ["a.nii.gz"], "eva")
    assert (result["is_in_use"], done["click_weights"]) == (False, "disks")
    (file,) = (data_root / ".isegformer" / "adapted").glob("*.safetensors")
    assert (file.stem, file.read_bytes()) == (result["sha256"], b"weights")
    assert sorted(path.name for path in file.parent.iterdir()) == ["adapted.json", file.name]


def test_open_sessions_go_on_with_the_weights_that_were_chosen(start):
    client, session = start(BETTER)
    adapted(client)
    few = client.get(session).json()["objects"][0]["voxels"]
    assert client.put(f"{ROUTE}/weights", json={"adapted": True}).json()["result"]["is_in_use"]
    assert client.get(session).json()["weights"]["click"] == "d" * 64
    more = voxels_after_a_click(client, session, index=2)
    assert more - few == 9 * 5
    client.put(f"{ROUTE}/weights", json={"adapted": False})
    assert client.get(session).json()["weights"]["click"] == "c" * 64
    assert voxels_after_a_click(client, session, index=4) - more == few


def test_a_server_that_was_started_anew_goes_on_with_what_was_chosen(start):
    client, session = start(BETTER)
    adapted(client)
    client.put(f"{ROUTE}/weights", json={"adapted": True})
    before = client.get(ROUTE).json()["result"]
    client.app.state.services.close()
    again, _ = start(BETTER)
    assert again.get(ROUTE).json()["result"] == before
    assert again.get(session).json()["weights"]["click"] == "d" * 64


def test_a_server_with_other_weights_does_not_offer_what_was_adapted_from_these(start, serve):
    client, _ = start(BETTER)
    adapted(client)
    client.app.state.services.close()
    other = serve(networks=fake_networks(weights="e"), adapter=adapter(BETTER))
    assert other.get(ROUTE).json()["result"] is None
    assert other.put(f"{ROUTE}/weights", json={"adapted": True}).status_code == 404


def test_the_process_gets_the_accepted_slices_and_the_labels(start, data_root):
    client, session = start(KEEPS_REQUEST)
    adapted(client)
    asked = data_root / ".isegformer" / "asked"
    request = json.loads((asked / "request.json").read_text())
    (case,) = request["cases"]
    assert (request["start_from"], request["device"], request["minutes"]) == ("disks", "cpu", 1)
    assert (case["name"], case["known"]) == ("a.nii.gz", {"0": [3]})
    assert case["volume"] == str(data_root / "a.nii.gz")
    labels = np.load(asked / case["labels"])
    assert np.count_nonzero(labels == 1) == client.get(session).json()["objects"][0]["voxels"] > 0


@pytest.mark.parametrize(
    ("script", "last"),
    [
        (NO_BETTER, {"state": "no better", "detail": None, "before": 9.0, "after": 9.0}),
        (PROBLEM, {"state": "failed", "detail": "too few slices", "before": None, "after": None}),
    ],
)
def test_a_run_without_better_weights_says_so_and_leaves_nothing(start, data_root, script, last):
    client, _ = start(script)
    done = adapted(client)
    assert (done["last"], done["result"]) == (last, None)
    assert list((data_root / ".isegformer" / "adapted").iterdir()) == []


def test_a_process_that_fails_is_told_of_in_its_own_words(start):
    client, _ = start(SILENT)
    assert "the machine is on fire" in adapted(client)["last"]["detail"]


def test_a_run_tells_how_far_it_is_and_can_be_cancelled(start, data_root):
    client, session = start(ENDLESS)
    client.post(ROUTE, json={})
    while (run := client.get(ROUTE).json()["run"])["best"] != 7.0:
        pass
    assert (run["state"], run["before"], run["seconds_left"]) == ("learning", 9.0, 59.0)
    assert (run["user"], run["cases"], run["minutes"]) == ("eva", 1, 20)
    second = client.post(ROUTE, json={})
    assert (second.status_code, second.json()["type"]) == (409, "urn:isegformer:problem:busy")
    assert voxels_after_a_click(client, session, index=5) > 0

    assert client.delete(ROUTE).status_code == 204
    while client.get(ROUTE).json()["run"] is not None:
        pass
    assert client.get(ROUTE).json()["last"]["state"] == "cancelled"
    assert client.delete(ROUTE).status_code == 404
    assert list((data_root / ".isegformer" / "adapted").iterdir()) == []


def test_the_end_of_the_server_ends_a_run(start, data_root):
    client, _ = start(ENDLESS)
    client.post(ROUTE, json={})
    client.app.state.services.close()
    assert list((data_root / ".isegformer" / "adapted").iterdir()) == []


def test_without_accepted_slices_there_is_nothing_to_learn_from(serve):
    client = serve(adapter=adapter(BETTER))
    answer = client.post(ROUTE, json={})
    assert answer.status_code == 409
    assert "accept some slices" in answer.json()["detail"]


def test_what_is_missing_is_said_before_and_when_somebody_tries(start):
    client, _ = start(BETTER, obstacle="lightning is not installed")
    assert client.get(ROUTE).json()["obstacle"] == "lightning is not installed"
    answer = client.post(ROUTE, json={})
    assert (answer.status_code, answer.json()["detail"]) == (422, "lightning is not installed")


def test_a_server_without_an_adapter_says_so(client):
    assert "without the means" in client.get(ROUTE).json()["obstacle"]
    assert client.post(ROUTE, json={}).status_code == 422
    assert client.put(f"{ROUTE}/weights", json={"adapted": True}).status_code == 404


def test_what_a_killed_server_left_of_a_run_is_removed(serve, data_root):
    left = data_root / ".isegformer" / "adapted" / "run-1"
    left.mkdir(parents=True)
    serve(adapter=adapter(BETTER))
    assert not left.exists()


def test_a_damaged_result_is_not_used(serve, data_root):
    folder = data_root / ".isegformer" / "adapted"
    folder.mkdir(parents=True)
    (folder / "adapted.json").write_text('{"is_in_use": true}')
    assert serve(adapter=adapter(BETTER)).get(ROUTE).json()["result"] is None


def test_learning_needs_a_token(serve, data_root):
    write_scan(data_root / "c.nii.gz", seed=3)
    assert serve(token="").get(ROUTE).status_code == 401
