"""What is saved from the app is what the session holds."""

import nibabel as nib
import numpy as np


def _save(tab, form: str, path) -> None:
    tab.page.keyboard.press("Control+s")
    tab.page.check(f"dialog[open] input[value={form}]")
    tab.picture("10_export")
    with tab.page.expect_download() as waiting:
        tab.page.click("dialog[open] button:has-text('Save file')")
    waiting.value.save_as(path)


def test_exported_nifti_is_the_sessions_mask_on_the_scans_grid(server, open_tab, tmp_path):
    tab = open_tab()
    tab.open_scan(server.signed_in)
    tab.click(*tab.bright_spot())
    _save(tab, "nifti", tmp_path / "mask.nii.gz")
    saved = nib.load(tmp_path / "mask.nii.gz")
    scan = nib.load(server.data_root / "ellipsoid.nii.gz")
    assert np.array_equal(np.asarray(saved.dataobj), server.labels())
    assert np.allclose(saved.affine, scan.affine)


def test_what_a_scan_cannot_become_is_not_offered_and_what_fails_is_said(server, open_tab):
    tab = open_tab()
    tab.open_scan(server.signed_in)
    tab.page.keyboard.press("Control+s")
    assert tab.page.query_selector("dialog[open] input[value=nifti]") is not None
    assert tab.page.query_selector("dialog[open] input[value=dicom-seg]") is None
    tab.page.route("**/exports/*", lambda route: route.abort())
    tab.page.click("dialog[open] button:has-text('Save file')")
    notice = tab.page.wait_for_selector(".notice.error")
    assert "server" in notice.inner_text()
