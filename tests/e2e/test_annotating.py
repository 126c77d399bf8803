"""From the first click to a propagated volume, by mouse and keyboard, seen on the canvas."""

import nibabel as nib
import numpy as np


def _iou(mask: np.ndarray, truth: np.ndarray) -> float:
    return float(np.count_nonzero(mask & truth) / np.count_nonzero(mask | truth))


def test_clicks_paint_the_structure_that_was_clicked(server, open_tab, structure):
    tab = open_tab()
    tab.open_scan(server.signed_in)
    assert tab.painted_pixels() == 0
    tab.picture("1_opened")

    tab.click(*tab.bright_spot())
    assert tab.painted_pixels() > 2000
    click = server.session()["clicks"][0]
    assert structure[click["row"], click["col"], click["index"]]
    labels = server.labels()[..., click["index"]]
    assert _iou(labels == 1, structure[..., click["index"]]) > 0.7
    tab.picture("2_clicked")


def test_negative_click_undo_and_redo_are_seen(server, open_tab):
    tab = open_tab()
    tab.open_scan(server.signed_in)
    x, y = tab.bright_spot()
    tab.click(x, y)
    first = tab.painted_pixels()
    tab.click(x + 40, y, button="right")
    second = tab.painted_pixels()
    assert second < first

    tab.press("Control+z")
    assert abs(tab.painted_pixels() - first) < 0.02 * first
    tab.press("Control+z")
    assert tab.painted_pixels() == 0
    tab.press("Control+Shift+z")
    tab.press("Control+Shift+z")
    assert abs(tab.painted_pixels() - second) < 0.02 * first
    assert [click["is_positive"] for click in server.session()["clicks"]] == [True, False]


def test_accept_propagate_cancel_propagate(server, open_tab, structure):
    tab = open_tab()
    tab.open_scan(server.signed_in)
    tab.click(*tab.bright_spot())
    tab.press("Enter")
    accepted = server.session()["accepted"]
    assert len(accepted) == 1
    annotated = server.labels()

    tab.start_propagation(then=server.pause)
    tab.page.wait_for_selector(".running")
    tab.picture("3_propagating")
    tab.page.keyboard.press("Escape")
    server.resume()
    tab.wait_for_notice("Propagation was cancelled")
    tab.quiet()
    assert np.array_equal(server.labels(), annotated)

    tab.page.keyboard.press("Control+Enter")
    tab.wait_for_notice("Propagation is done")
    tab.quiet()
    labels = server.labels()
    index = accepted[0]["index"]
    assert np.array_equal(labels[..., index], annotated[..., index])
    assert _iou(labels == 1, structure) > 0.6
    tab.press("ArrowUp")
    assert tab.painted_pixels() > 1000
    tab.press("1")
    tab.picture("4_propagated")
    tab.press("n")
    suggested = server.session()["advice"]["next"][0]["index"]
    bar = tab.page.get_by_role("slider", name="Slice")
    assert bar.get_attribute("aria-valuenow") == str(suggested + 1)


def test_queued_clicks_are_one_prediction_and_one_step_of_undo(server, open_tab):
    tab = open_tab()
    tab.open_scan(server.signed_in)
    x, y = tab.bright_spot()
    tab.press("q")
    for step in (0, 15, 30):
        tab.page.mouse.click(x + step, y)
    tab.quiet()
    assert server.session()["clicks"] == []
    tab.press("Space")
    assert len(server.session()["clicks"]) == 3
    tab.press("Control+z")
    assert server.session()["clicks"] == []


def test_brush_paints_under_the_pointer_and_the_eraser_takes_it_away(server, open_tab):
    tab = open_tab()
    tab.open_scan(server.signed_in)
    x, y = tab.bright_spot()
    tab.page.keyboard.press("p")
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    tab.page.mouse.move(x + 60, y, steps=4)
    tab.page.mouse.up()
    tab.quiet()
    painted = np.count_nonzero(server.labels())
    assert painted > 50
    assert tab.painted_pixels() > 500
    tab.picture("5_brush")

    tab.page.keyboard.press("e")
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    tab.page.mouse.move(x + 30, y, steps=4)
    tab.page.mouse.up()
    tab.quiet()
    assert 0 < np.count_nonzero(server.labels()) < painted


def test_a_mask_from_elsewhere_is_imported_and_taken_back(server, open_tab, structure, tmp_path):
    scan = nib.load(server.data_root / "ellipsoid.nii.gz")
    nib.save(nib.Nifti1Image(structure.astype(np.uint8), scan.affine), tmp_path / "mask.nii.gz")
    nib.save(nib.Nifti1Image(structure[..., :9].astype(np.uint8), scan.affine), tmp_path / "short.nii.gz")
    tab = open_tab()
    tab.open_scan(server.signed_in)
    tab.page.keyboard.press("i")
    tab.page.set_input_files("#mask-file", tmp_path / "short.nii.gz")
    tab.picture("11_import")
    tab.page.click("dialog[open] button:has-text('Import')")
    notice = tab.page.wait_for_selector(".notice.error").inner_text()
    assert "expected that of its scan, (88, 72, 48)" in notice
    assert "Resample it onto the scan" in notice
    tab.page.click(".notice.error button")  # it is red too

    tab.page.click("button[aria-label='Import a mask']")
    tab.page.set_input_files("#mask-file", tmp_path / "mask.nii.gz")
    tab.page.click("dialog[open] button:has-text('Import')")
    tab.wait_for_notice("mask.nii.gz is imported")
    tab.quiet()
    assert np.array_equal(server.labels() == 1, structure)
    assert tab.painted_pixels() > 2000
    tab.press("Control+z")
    assert tab.painted_pixels() == 0


def test_a_box_makes_the_first_guess(server, open_tab, structure):
    tab = open_tab()
    tab.open_scan(server.signed_in)
    x, y = tab.bright_spot()
    tab.page.keyboard.down("Shift")
    tab.page.mouse.move(x - 95, y - 70)
    tab.page.mouse.down()
    tab.page.mouse.move(x + 95, y + 70, steps=4)
    tab.page.mouse.up()
    tab.page.keyboard.up("Shift")
    tab.quiet()
    index = server.session()["clicks"][0]["index"]
    assert _iou(server.labels()[..., index] == 1, structure[..., index]) > 0.6


def test_box_brush_and_eraser_work_at_the_crosshair(server, open_tab, structure):
    tab = open_tab()
    tab.open_scan(server.signed_in)
    for _ in range(8):  # to the right of the ellipsoid's right end, above its top
        tab.page.keyboard.press("Shift+ArrowUp")
    tab.press("b")
    tab.press("a")
    for _ in range(30):
        tab.page.keyboard.press("Shift+ArrowLeft")
    for _ in range(28):
        tab.page.keyboard.press("Shift+ArrowDown")
    tab.quiet()
    tab.picture("12_box_by_keys")
    assert server.session()["clicks"] == []
    tab.press("a")
    index = server.session()["clicks"][0]["index"]
    boxed = np.count_nonzero(server.labels())
    assert _iou(server.labels()[..., index] == 1, structure[..., index]) > 0.6

    tab.press("p")
    tab.press("a")
    painted = np.count_nonzero(server.labels())
    assert painted > boxed
    tab.press("e")
    tab.press("a")
    assert np.count_nonzero(server.labels()) < painted


def test_what_cannot_be_seen_is_not_worked_on_and_removing_needs_something(server, open_tab):
    tab = open_tab()
    tab.open_scan(server.signed_in)
    x, y = tab.bright_spot()
    tab.page.mouse.click(x, y, button="right")
    tab.wait_for_notice("there is nothing to remove from")
    tab.click(x, y)
    tab.press("v")
    tab.page.mouse.click(x + 20, y)
    tab.wait_for_notice("“Object 1” is hidden")
    tab.press("v")
    tab.press("m")
    tab.page.mouse.click(x + 20, y)
    tab.wait_for_notice("Masks are off")
    assert len(server.session()["clicks"]) == 1


def test_what_makes_no_sense_yet_is_explained(server, open_tab):
    tab = open_tab()
    tab.open_scan(server.signed_in)
    for keys, words in (
        ("Control+z", "There is nothing to undo."),
        ("Shift+Enter", "Slice 25 is not accepted"),
        ("Control+Enter", "Accept at least one slice first"),
        ("Enter", "Slice 25 is accepted as empty"),
    ):
        tab.press(keys)
        tab.wait_for_notice(words)
    tab.press("Enter")
    tab.wait_for_notice("Slice 25 is accepted already")
    assert server.session()["seq"] == 1
    assert not tab.page.is_visible(".notice.error")


def test_after_an_object_is_deleted_work_goes_on_with_another(server, open_tab):
    tab = open_tab()
    tab.open_scan(server.signed_in)
    x, y = tab.bright_spot()
    tab.click(x, y)
    tab.press("o")
    tab.page.wait_for_selector(".object.active:has-text('Object 2')")
    tab.press("Delete")
    tab.page.wait_for_selector(".object.active:has-text('Object 1')")
    tab.click(x + 20, y)
    assert [click["label"] for click in server.session()["clicks"]] == [1, 1]
    assert not tab.page.is_visible(".notice.error")


def test_everything_can_be_done_from_the_keyboard(server, open_tab):
    tab = open_tab()
    tab.open_scan(server.signed_in)
    tab.press("PageUp")
    tab.press("Shift+ArrowLeft")
    tab.press("a")
    session = server.session()
    assert len(session["clicks"]) == 1
    assert session["objects"][0]["name"] == "Object 1"
    tab.page.keyboard.press("F2")
    tab.page.keyboard.type("Cyst")
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_selector(".object-name:has-text('Cyst')")
    tab.press("l")
    assert server.session()["objects"][0]["is_locked"]
    tab.page.keyboard.press("?")
    tab.page.wait_for_selector("dialog[open]")
    tab.picture("6_help")
