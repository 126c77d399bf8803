"""The picture of slices."""

import cv2
import numpy as np
import pytest

from isegformer.demo import write_sheet
from isegformer.demo.sheet import sheet_slices
from isegformer.errors import WriteError
from isegformer.volume import LabelMap

pytest.importorskip("matplotlib", reason="needs the extra `demo`")


@pytest.fixture
def label_map(scene):
    return LabelMap(np.where(scene.goal, 7, 0).astype(np.uint16), scene.volume.geometry, {7: "ball"})


def _write(path, scene, label_map, colour):
    write_sheet(
        path, scene.volume, label_map, axis=2, annotated=[6, 9], title="A ball", colours={7: colour}, tiles=8
    )
    return cv2.imread(str(path))


def test_the_outline_has_the_colour_of_the_object(tmp_path, scene, label_map):
    picture = _write(tmp_path / "sheet.png", scene, label_map, "#00ff00")
    is_green = (picture == (0, 255, 0)).all(axis=2)
    assert picture.shape[1] > 1000
    assert is_green.sum() > 500
    assert not (picture == (255, 0, 255)).all(axis=2).any()


def test_annotated_slices_have_a_frame(tmp_path, scene, label_map):
    picture = _write(tmp_path / "sheet.png", scene, label_map, "#00ff00")
    assert (picture == (0x00, 0xB0, 0xFF)).all(axis=2).sum() > 2000


def test_an_empty_mask_still_gives_a_picture(tmp_path, scene):
    empty = LabelMap(np.zeros(scene.goal.shape, np.uint16), scene.volume.geometry)
    assert _write(tmp_path / "sheet.png", scene, empty, "#00ff00") is not None


def test_a_folder_that_is_missing_is_told(tmp_path, scene, label_map):
    with pytest.raises(WriteError, match="could not write"):
        _write(tmp_path / "missing" / "sheet.png", scene, label_map, "#00ff00")


def test_slices_of_the_sheet_hold_the_annotated_ones_and_spread_over_the_object(scene):
    labels = scene.goal.astype(np.uint16)
    chosen = sheet_slices(labels, axis=2, annotated=[3, 9], tiles=6)
    assert len(chosen) == 6
    assert {3, 9} <= set(chosen)
    assert chosen == sorted(chosen)
    assert (min(chosen), max(chosen)) == (2, 14)
    assert sheet_slices(labels, axis=2, annotated=[4, 5, 6], tiles=2) == [4, 5]
    assert sheet_slices(np.zeros_like(labels), axis=2, annotated=[], tiles=16) == list(range(16))
