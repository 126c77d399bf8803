"""Adapting the network from the app: explained, started, cancelled, and its result chosen."""

import json
import shutil

import pytest

from isegformer.models import fetch, weights_sha256

pytest.importorskip("lightning", reason="adapting needs the extra `train`")


def test_adapting_is_started_watched_and_cancelled(server, open_tab):
    tab = open_tab()
    tab.open_scan(server.signed_in)
    tab.press("Shift+A")
    tab.page.wait_for_selector("dialog[open] >> text=No slice is accepted yet")
    assert tab.page.is_disabled("dialog button:has-text('Start')")
    tab.picture("adapt_nothing_accepted")
    tab.page.keyboard.press("Escape")

    tab.click(*tab.bright_spot())
    tab.press("Enter")
    tab.page.click("header button:has-text('Adapt')")
    tab.page.wait_for_selector("text=1 scan with accepted slices")
    tab.picture("adapt_ready")
    tab.page.click("dialog button:has-text('Start')")
    tab.page.wait_for_selector("text=expected at least 4")
    tab.picture("adapt_too_few")
    tab.page.keyboard.press("Escape")

    for _ in range(4):
        tab.press("ArrowUp")
        tab.click(*tab.bright_spot())
        tab.press("Enter")
    tab.press("Shift+A")
    tab.page.wait_for_selector("text=1 scan with accepted slices")
    tab.page.click("dialog button:has-text('Start')")
    tab.page.wait_for_selector("dialog progress:visible")
    tab.picture("adapt_running")
    tab.page.click("dialog button:has-text('Cancel')")
    tab.page.wait_for_selector("text=Cancelled; nothing has changed.")
    assert server.json("adaptation")["result"] is None


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
def test_an_adapted_network_is_taken_and_given_back(server, open_tab, width, height):
    server.stop()
    adapted = server.data_root / ".isegformer" / "adapted"
    adapted.mkdir(parents=True)
    sha256 = weights_sha256("compact")
    shutil.copyfile(fetch("compact"), adapted / f"{sha256}.safetensors")
    result = {
        "measure": "mean clicks to IoU 0.80, 0.85, 0.90",
        "before": 8.4,
        "after": 6.1,
        "cases": ["a.nii.gz", "b.nii.gz", "c.nii.gz"],
        "user": "anna",
        "made_utc": "2026-11-20T10:00:00Z",
        "start_from": sha256,
        "sha256": sha256,
        "is_in_use": False,
    }
    (adapted / "adapted.json").write_text(json.dumps(result))
    server.start()
    tab = open_tab(width=width, height=height)
    tab.open_scan(server.signed_in)
    tab.press("Shift+A")
    tab.page.wait_for_selector("dialog >> text=8.4 clicks before, 6.1 after: 27 % fewer")
    tab.page.check("dialog label:has-text('Adapted network') input")
    tab.page.wait_for_selector(".status:has-text('compact, adapted')")
    tab.picture(f"{width}_adapt_result")
    assert server.json("adaptation")["result"]["is_in_use"] is True
    tab.page.keyboard.press("Escape")
    tab.click(*tab.bright_spot())
    assert tab.painted_pixels() > 2000

    tab.press("Shift+A")
    tab.page.wait_for_selector("dialog fieldset:visible")
    tab.page.check("dialog label:has-text('Network of the server') input")
    tab.page.wait_for_selector(".status:not(:has-text('adapted'))")
    assert server.json("about")["click_weights"] == "compact"
