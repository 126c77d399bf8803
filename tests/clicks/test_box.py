import pytest

from isegformer.clicks import Click, clicks_of_box
from isegformer.errors import ClickError
from isegformer.slicing import Roi


def test_a_box_is_a_click_in_its_middle_and_one_outside_the_middle_of_each_edge():
    assert clicks_of_box(Roi(2, 7, 3, 6), (10, 12)) == (
        Click(row=4, col=4, is_positive=True),
        Click(row=1, col=4, is_positive=False),
        Click(row=7, col=4, is_positive=False),
        Click(row=4, col=2, is_positive=False),
        Click(row=4, col=6, is_positive=False),
    )


def test_a_box_over_the_whole_slice_has_no_outside():
    assert clicks_of_box(Roi(0, 5, 0, 4), (5, 4)) == (Click(row=2, col=2, is_positive=True),)


def test_a_box_of_one_pixel_is_clicked_on_that_pixel():
    assert clicks_of_box(Roi(3, 4, 0, 1), (8, 8))[0] == Click(row=3, col=0, is_positive=True)


@pytest.mark.parametrize("box", [Roi(0, 6, 0, 4), Roi(0, 5, 2, 5)])
def test_a_box_that_leaves_the_slice_is_refused(box):
    with pytest.raises(ClickError, match="outside a slice of 5 x 4"):
        clicks_of_box(box, (5, 4))
