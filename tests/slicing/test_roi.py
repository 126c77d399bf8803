import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isegformer.errors import GeometryError
from isegformer.slicing import Roi, bounding_roi, crop_view, roi_iou


@st.composite
def rois(draw):
    row, col = draw(st.integers(0, 9)), draw(st.integers(0, 9))
    return Roi(row, row + draw(st.integers(1, 6)), col, col + draw(st.integers(1, 6)))


def _mask(roi):
    mask = np.zeros((16, 17), bool)
    crop_view(mask, roi)[...] = True
    return mask


def test_stops_are_exclusive():
    roi = Roi(2, 5, 1, 3)
    assert roi.shape == (3, 2)
    assert roi.contains(2, 1)
    assert roi.contains(4.9, 2.9)
    assert not roi.contains(5, 1)
    assert not roi.contains(2, 3)
    assert not roi.contains(1.9, 1)


@given(rois())
def test_bounding_roi_of_a_filled_roi_is_the_roi(roi):
    assert bounding_roi(_mask(roi)) == roi


def test_bounding_roi_of_two_pixels():
    mask = np.zeros((4, 6), bool)
    mask[1, 4] = mask[3, 2] = True
    assert bounding_roi(mask) == Roi(1, 4, 2, 5)


def test_empty_mask_has_no_bounding_roi():
    with pytest.raises(GeometryError, match="empty"):
        bounding_roi(np.zeros((3, 4), bool))


@given(rois(), rois())
def test_iou_counts_pixels(first, second):
    a, b = _mask(first), _mask(second)
    assert roi_iou(first, second) == np.count_nonzero(a & b) / np.count_nonzero(a | b)


def test_crop_is_a_view_with_channels():
    array = np.zeros((4, 5, 3))
    crop_view(array, Roi(1, 3, 2, 5))[...] = 1
    assert array.sum() == 2 * 3 * 3


@pytest.mark.parametrize("bounds", [(0, 0, 0, 1), (2, 1, 0, 1), (-1, 1, 0, 1), (0, 1, 3, 3)])
def test_roi_without_pixels_is_refused(bounds):
    with pytest.raises(GeometryError, match="start"):
        Roi(*bounds)


def test_roi_outside_the_slice_is_refused():
    with pytest.raises(GeometryError, match="outside"):
        crop_view(np.zeros((4, 5)), Roi(0, 5, 0, 5))
