"""What is saved from the app is what the session holds."""

import nibabel as nib
import numpy as np
import pytest

ROUTE = "/api/sessions/{session}/exports/{form}"


@pytest.fixture
def exporting_server(server):
    """A server that can export; skipped in words where it cannot."""
    if ROUTE not in server.json("openapi.json")["paths"]:
        pytest.skip(f"this server has no {ROUTE}")
    return server


def _save(tab, form: str, path) -> None:
    tab.page.keyboard.press("Control+s")
    tab.page.check(f"dialog[open] input[value={form}]")
    tab.picture("10_export")
    with tab.page.expect_download() as waiting:
        tab.page.click("dialog[open] button:has-text('Save file')")
    waiting.value.save_as(path)


def test_exported_nifti_is_the_sessions_mask_on_the_scans_grid(exporting_server, open_tab, tmp_path):
    tab = open_tab()
    tab.open_scan(exporting_server.signed_in)
    tab.click(*tab.bright_spot())
    _save(tab, "nifti", tmp_path / "mask.nii.gz")
    saved = nib.load(tmp_path / "mask.nii.gz")
    scan = nib.load(exporting_server.data_root / "ellipsoid.nii.gz")
    assert np.array_equal(np.asarray(saved.dataobj), exporting_server.labels())
    assert np.allclose(saved.affine, scan.affine)


def test_what_cannot_be_exported_is_said(exporting_server, open_tab):
    tab = open_tab()
    tab.open_scan(exporting_server.signed_in)
    tab.click(*tab.bright_spot())
    tab.page.keyboard.press("Control+s")
    tab.page.check("dialog[open] input[value=dicom-seg]")
    tab.page.click("dialog[open] button:has-text('Save file')")
    tab.page.wait_for_selector(".notice.error")
