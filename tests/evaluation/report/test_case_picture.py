import base64

import cv2
import numpy as np
import pytest

from isegformer.clicks import Click
from isegformer.errors import ShapeMismatchError
from isegformer.evaluation.report.case_picture import CasePicture, draw_case, outline_path


def picture_of(mask: np.ndarray, **other) -> CasePicture:
    image = np.linspace(0, 1, mask.size, dtype=np.float32).reshape(mask.shape)
    return CasePicture(image=image, target=mask, prediction=np.zeros_like(mask), **other)


def decoded(png: str) -> np.ndarray:
    data = base64.b64decode(png.removeprefix("data:image/png;base64,"))
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def corners(path: str) -> np.ndarray:
    """Return the points of a path with one outline, (n, 2) as x, y."""
    return np.array([point.split() for point in path.strip("MZ").split("L")], float)


def test_outline_runs_along_the_edges_of_pixels():
    mask = np.zeros((5, 7), bool)
    mask[1:3, 2:6] = True
    found = corners(outline_path(mask))
    assert found.min(axis=0) == pytest.approx([2, 1], abs=0.13)
    assert found.max(axis=0) == pytest.approx([6, 3], abs=0.13)


def test_holes_and_parts_have_outlines_of_their_own():
    mask = np.ones((5, 9), bool)
    mask[2, 2] = False
    mask[:, 6] = False
    assert outline_path(mask).count("M") == 3
    assert outline_path(np.zeros((5, 9), bool)) == ""


def test_a_small_slice_is_shown_whole():
    mask = np.zeros((6, 9), bool)
    mask[1, 2] = True
    drawing = draw_case(picture_of(mask, clicks=(Click(row=4, col=8, is_positive=False),)))
    assert (drawing.width, drawing.height) == (9, 6)
    assert (drawing.signs[0].x, drawing.signs[0].y, drawing.signs[0].is_positive) == (8.5, 4.5, False)
    assert decoded(drawing.png).shape == (6, 9)
    assert decoded(drawing.png)[0, 0] == 0
    assert decoded(drawing.png)[5, 8] == 255


def test_a_large_slice_is_cut_around_what_is_marked():
    mask = np.zeros((300, 500), bool)
    mask[100:200, 440:460] = True
    drawing = draw_case(picture_of(mask, clicks=(Click(row=150, col=450, is_positive=True),)))
    assert (drawing.width, drawing.height) == (150, 150)  # 100 rows and a quarter on either side
    assert (drawing.signs[0].x, drawing.signs[0].y) == (100.5, 75.5)  # columns 350 to 500: moved to the edge


def test_an_empty_case_is_shown_whole():
    drawing = draw_case(picture_of(np.zeros((60, 50), bool)))
    assert (drawing.width, drawing.height) == (50, 60)
    assert (drawing.wide_percent, drawing.high_percent) == (83.33, 100)


def test_large_pictures_are_reduced():
    drawing = draw_case(picture_of(np.ones((900, 600), bool)))
    assert decoded(drawing.png).shape == (400, 267)
    assert (drawing.width, drawing.height) == (600, 900)


def test_pixels_that_are_not_square_are_shown_as_they_are():
    drawing = draw_case(
        picture_of(np.ones((4, 8), bool), pixel_aspect=3.0, clicks=(Click(row=1, col=0, is_positive=True),))
    )
    assert drawing.shown_height == 12
    assert (drawing.wide_percent, drawing.high_percent) == (66.67, 100)
    assert drawing.signs[0].y == 4.5


def test_colours_stay_in_their_order():
    mask = np.ones((2, 3), bool)
    red = np.zeros((2, 3, 3), np.float32)
    red[..., 0] = 1
    drawing = draw_case(CasePicture(image=red, target=mask, prediction=mask))
    assert decoded(drawing.png)[0, 0].tolist() == [0, 0, 255]  # OpenCV reads blue first


def test_values_that_are_not_numbers_are_black():
    image = np.array([[np.nan, 2.0]], np.float32)
    mask = np.array([[True, False]])
    assert decoded(draw_case(CasePicture(image=image, target=mask, prediction=mask)).png).tolist() == [
        [0, 255]
    ]


@pytest.mark.parametrize("shape", [(3, 4), (2, 2, 2, 2)])
def test_image_must_have_the_shape_of_the_masks(shape):
    mask = np.zeros((2, 2), bool)
    with pytest.raises(ShapeMismatchError, match="expected \\(2, 2\\)"):
        CasePicture(image=np.zeros(shape, np.float32), target=mask, prediction=mask)
