"""Advice survives a restart, and only where the session is as the propagation left it."""

import json

import numpy as np
import pytest
from server_fakes import NearestPropagation, fake_networks

from isegformer.propagation import EvidenceLog, SliceEvidence
from isegformer.server import schemas
from isegformer.server.advice_memory import MEMORY_NAME, AdviceMemory
from isegformer.session import OverlapRule, Round, RoundKey, Settings, Sheet

SEEN = SliceEvidence(index=4, label=7, entropy_px=1.25, disagreement_px=0.1)
ADVICE = schemas.Advice(
    axis=1,
    next=[schemas.Suggestion(index=3, reason="far away", gain=0.25)],
    predicted_dice={7: 0.875},
    stop=False,
)


def sheet(*axes, weights="w", method="nearest"):
    settings = Settings(overlap_rule=OverlapRule.KEEP_EXISTING, window_low=0.0, window_high=1.0)
    last = Round(slices=(), window_low=0.0, window_high=1.0, weights=weights)
    return Sheet(settings=settings, rounds={RoundKey(axis=axis, method=method): last for axis in axes})


def saw(axis):
    propagation, log = NearestPropagation(), EvidenceLog()
    log(SEEN)
    propagation.recall(axis, log)
    return propagation


@pytest.fixture
def folder(tmp_path):
    """Return a folder in which a propagation across axis 1 was kept."""
    AdviceMemory(tmp_path, method="nearest").keep(ADVICE, axis=1, sheet=sheet(1), by=saw(1))
    return tmp_path


def recalled(folder, now):
    memory, propagation = AdviceMemory(folder, method="nearest"), NearestPropagation()
    memory.recall(now, into=propagation)
    return memory, propagation


def test_advice_and_evidence_come_back(folder):
    memory, propagation = recalled(folder, sheet(1))
    assert memory.advice(sheet(1)) == ADVICE
    assert propagation.evidence(1).of(7) == {4: SEEN}


@pytest.mark.parametrize(
    "now",
    [sheet(), sheet(0), sheet(1, weights="other"), sheet(1, method="other")],
    ids=["none", "other axis", "other weights", "other method"],
)
def test_another_round_gets_nothing(folder, now):
    memory, propagation = recalled(folder, now)
    assert memory.advice(now) is None
    assert list(propagation.evidence(1).items()) == []


def test_the_axis_of_the_last_propagation_is_the_one_shown(folder):
    memory, propagation = recalled(folder, sheet(1))
    propagation.recall(2, EvidenceLog())
    other = ADVICE.model_copy(update={"axis": 2})
    memory.keep(other, axis=2, sheet=sheet(1, 2), by=propagation)
    again, propagation = recalled(folder, sheet(1, 2))
    assert again.advice(sheet(1, 2)) == other
    assert again.advice(sheet(1)) is None, "the last propagation was undone"
    assert propagation.evidence(1).of(7) == {4: SEEN}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": 2}', '{"version": 1}', "\0"])
def test_a_damaged_file_is_as_good_as_none(folder, text):
    (folder / MEMORY_NAME).write_text(text)
    memory, propagation = recalled(folder, sheet(1))
    assert memory.advice(sheet(1)) is None
    assert propagation.logs == {}


def test_numbers_that_are_none_are_not_believed(folder):
    document = json.loads((folder / MEMORY_NAME).read_text())
    document["axes"][0]["seen"][0]["entropy_px"] = float("nan")
    (folder / MEMORY_NAME).write_text(json.dumps(document))
    assert recalled(folder, sheet(1))[1].logs == {}


def test_a_disk_that_is_full_costs_the_file_only(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    memory = AdviceMemory(folder, method="nearest")
    memory.keep(ADVICE, axis=1, sheet=sheet(1, weights="new"), by=saw(1))
    assert memory.advice(sheet(1, weights="new")) == ADVICE
    assert recalled(folder, sheet(1))[0].advice(sheet(1)) == ADVICE


@pytest.fixture
def propagated(client, session):
    """Return a session after a propagation across axis 0."""
    click = {"row": 4, "col": 2, "is_positive": True}
    body = {"label": 1, "axis": 0, "index": 3, "clicks": [click]}
    assert client.post(f"{session}/clicks", json=body).status_code == 200
    command(client, session, type="AcceptSlice", axis=0, index=3)
    with client.websocket_connect(f"{session}/events") as socket:
        socket.receive_json()
        assert client.post(f"{session}/propagation", json={"axis": 0}).status_code == 202
        while True:
            message = socket.receive()
            if "job_ended" in (message.get("text") or ""):
                return session


def command(client, session, **document):
    answer = client.post(f"{session}/commands", json=document)
    assert answer.status_code == 200, answer.text
    return answer.json()["state"]


def test_a_server_that_was_started_anew_shows_the_same_advice(client, propagated, serve):
    before = client.get(propagated).json()
    assert before["advice"]["next"]
    client.app.state.services.close()
    made = []

    def remembered():
        made.append(NearestPropagation())
        return made[-1]

    again = serve(networks=fake_networks(propagation=remembered))
    assert again.get(propagated).json() == before
    assert made[0].evidence(0).of(1)[2].entropy_px == 4.5


def test_advice_goes_with_its_propagation_and_comes_back_with_it(client, propagated):
    advice = client.get(propagated).json()["advice"]
    assert command(client, propagated, type="Undo")["advice"] is None
    assert command(client, propagated, type="Redo")["advice"] == advice


def test_advice_stays_while_its_slices_are_corrected(client, propagated):
    advice = client.get(propagated).json()["advice"]
    assert np.isfinite(advice["next"][0]["gain"])
    assert command(client, propagated, type="AcceptSlice", axis=0, index=2)["advice"] == advice
