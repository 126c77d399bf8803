"""The pages around the image: signing in, the list, states that are no image, and who cannot see them."""

from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
SIZES = ((1280, 720), (1920, 1080))


def _serious(tab) -> list[str]:
    """Return what axe-core finds serious on the page as it is."""
    tab.page.evaluate(AXE.read_text(encoding="utf-8"))
    found = tab.page.evaluate("() => axe.run()")["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in ("serious", "critical")
    ]


def test_nobody_comes_in_without_the_right_token(server, open_tab):
    tab = open_tab()
    answer = tab.page.goto(f"{server.address}/?token=a-wrong-one")
    assert answer.status == 401
    assert _serious(tab) == []
    tab.page.wait_for_selector("h1:has-text('This address does not sign you in')")
    tab.picture("8_wrong_token")
    tab.page.click("a:has-text('Go on without')")
    tab.page.wait_for_selector("h1:has-text('This browser is not signed in')")
    tab.picture("8_not_signed_in")


def test_a_scan_that_has_gone_is_said_so(server, open_tab):
    tab = open_tab()
    tab.page.goto(server.signed_in)
    tab.page.wait_for_selector(".scan-name")
    tab.page.goto(f"{server.address}/#scan/0123456789abcdef")
    tab.page.wait_for_selector("h1:has-text('This cannot be shown')")
    tab.page.click("a:has-text('All scans')")
    tab.page.wait_for_selector(".scan-name")


def test_an_uploaded_scan_is_listed(server, open_tab, tmp_path):
    tab = open_tab()
    tab.page.goto(server.signed_in)
    tab.page.wait_for_selector(".scan-name")
    copy = tmp_path / "second.nii.gz"
    copy.write_bytes((server.data_root / "ellipsoid.nii.gz").read_bytes())
    tab.page.set_input_files("#upload", copy)
    tab.page.wait_for_selector(".scan-name:has-text('second')")
    tab.picture("9_list")


def test_a_stack_of_pictures_asks_how_far_apart_its_voxels_are(server, open_tab):
    folder = server.data_root / "a stack"
    folder.mkdir()
    for k in range(4):
        cv2.imwrite(str(folder / f"slice_{k}.png"), np.full((30, 40), 60 * k, np.uint8))
    tab = open_tab()
    tab.page.goto(server.signed_in)
    tab.page.click(".scan:has-text('Asks for its spacing')")
    tab.page.wait_for_selector("h1:has-text('How far apart are the voxels?')")
    assert _serious(tab) == []
    tab.picture("8_spacing")
    for label, text in (("columns", "0.5"), ("rows", "0,75"), ("slices", "no")):
        tab.page.get_by_label(f"Between {label}").fill(text)
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_selector("text=Three numbers above 0 are needed")
    tab.page.get_by_label("Between slices").fill("2.5")
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_selector(".slice-canvas")
    tab.quiet()
    (scan,) = [one for one in server.json("scans")["scans"] if one["name"] == "a stack"]
    assert server.json(f"sessions/{scan['id']}")["spacing_mm"] == [0.5, 0.75, 2.5]
    tab.page.reload()
    tab.page.wait_for_selector(".slice-canvas")


def _write_series(folder: Path, count: int) -> list[Path]:
    """Write a DICOM series of small images, under names without a suffix as scanners give them."""
    folder.mkdir()
    series = generate_uid()
    for number in range(count):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        one = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        one.SOPClassUID, one.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
        one.SeriesInstanceUID, one.Modality = series, "CT"
        one.Rows, one.Columns, one.SamplesPerPixel, one.PhotometricInterpretation = 6, 8, 1, "MONOCHROME2"
        one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 0
        one.PixelSpacing, one.SliceThickness = [1, 1], 2
        one.ImageOrientationPatient, one.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 2 * number]
        one.PixelData = np.full((6, 8), number, np.uint16).tobytes()
        pydicom.dcmwrite(folder / f"IM{number:04d}", one)
    return sorted(folder.iterdir())


def test_the_files_of_a_long_dicom_series_are_uploaded_as_one_scan(server, open_tab, tmp_path):
    (server.data_root / "ellipsoid.nii.gz").unlink()
    files = _write_series(tmp_path / "chest", 1500)
    tab = open_tab()
    tab.page.goto(server.signed_in)
    tab.page.wait_for_selector("text=No scan here yet.")
    tab.page.set_input_files("#upload", files)
    tab.page.wait_for_selector(".scan-name:has-text('dicom')")
    scan = server.json(f"scans/{server.scan_id()}")
    assert scan["shape"] == [8, 6, 1500]

    tab.page.set_input_files("#upload-folder", tmp_path / "chest")
    tab.page.wait_for_selector(".scan-name:has-text('chest')")
    tab.picture("9_series")


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: run `make web`")
def test_the_pages_have_no_serious_barrier(server, open_tab):
    tab = open_tab()
    tab.page.goto(server.signed_in)
    tab.page.wait_for_selector(".scan-name")
    assert _serious(tab) == []
    tab.open_scan(server.signed_in)
    tab.click(*tab.bright_spot())
    assert _serious(tab) == []
    for keys in ("?", "Shift+A", "Control+s", "i"):
        tab.page.keyboard.press(keys)
        tab.page.wait_for_selector("dialog[open]")
        assert _serious(tab) == [], keys
        tab.page.keyboard.press("Escape")
        tab.page.wait_for_selector("dialog", state="detached")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_is_cut_at_either_size(server, open_tab, width, height):
    tab = open_tab(width=width, height=height)
    tab.open_scan(server.signed_in)
    for keys, name in (("1", "main"), ("2", "grid"), ("6", "render")):
        tab.press(keys)
        tab.frames(10)
        tab.picture(f"{width}_{name}")
    wide = "() => [document.documentElement.scrollWidth, document.querySelector('.side').scrollWidth]"
    page_width, side_width = tab.page.evaluate(wide)
    assert page_width == width
    assert side_width <= 280
