"""Somebody without a scan: from an empty folder to a mask on the sample."""

import pytest


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
def test_a_newcomer_gets_from_an_empty_folder_to_a_mask(server, open_tab, width, height):
    pytest.importorskip("nilearn", reason="the sample needs the extra `demo`")
    (server.data_root / "ellipsoid.nii.gz").unlink()
    tab = open_tab(width=width, height=height)
    tab.page.goto(server.signed_in)
    tab.page.wait_for_selector("text=No scan here yet.")
    tab.picture(f"{width}_empty")

    tab.page.click(".state button:has-text('Try with a sample brain')")
    tab.page.wait_for_selector(".slice-canvas")
    tab.press("3")
    tab.frames(10)
    assert tab.painted_pixels() == 0
    box, _ = tab.stage()
    tab.click(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.35)
    assert tab.painted_pixels() > 100
    tab.picture(f"{width}_sample")
    assert server.session()["name"] == "sample-brain.nii.gz"

    tab.page.click("a[aria-label='All scans']")
    tab.page.wait_for_selector(".scan-name:has-text('sample-brain.nii.gz')")
    assert tab.page.is_visible(".start-title button")
    tab.picture(f"{width}_list_with_sample")
