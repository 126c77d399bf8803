import pytest

from isegformer.clicks import Click, check_clicks_inside
from isegformer.errors import ClickError


@pytest.mark.parametrize(("row", "col"), [(0, 0), (2, 4)])
def test_corners_of_the_slice_are_inside(row, col):
    assert check_clicks_inside([Click(row=row, col=col, is_positive=True)], (3, 5)) is None


@pytest.mark.parametrize(("row", "col"), [(-1, 0), (0, -1), (3, 0), (0, 5)])
def test_a_click_outside_is_named_with_the_range_it_should_lie_in(row, col):
    inside = Click(row=1, col=1, is_positive=False)
    with pytest.raises(ClickError, match=r"click 2 .*rows 0 to 2, columns 0 to 4"):
        check_clicks_inside([inside, Click(row=row, col=col, is_positive=True)], (3, 5))
