"""Image, mask and clicks go to the same place of the network's input, and come back from there."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from isegformer.clicks import Click
from isegformer.interaction import PredictorConfig, SlicePredictor, ZoomConfig
from isegformer.interaction.grids import GRIDS


def test_published_grid_keeps_corners_and_scales_clicks():
    ramp = torch.arange(4.0).view(1, 1, 1, 4).expand(1, 1, 4, 4)
    resized = GRIDS["corners"].resized(ramp, (10, 10))
    torch.testing.assert_close(resized[0, 0, 0], torch.linspace(0, 3, 10))
    assert GRIDS["corners"].moved(3, 2.5) == 7.5


def test_pixels_keep_their_centres():
    ramp = torch.arange(4.0).view(1, 1, 1, 4).expand(1, 1, 4, 4)
    resized = GRIDS["centres"].resized(ramp, (8, 8))
    torch.testing.assert_close(resized[0, 0, 0, 1:-1], torch.arange(0.25, 3, 0.5))
    assert [GRIDS["centres"].moved(c, 2.0) for c in (0, 1, 3)] == [0.5, 2.5, 6.5]


def test_shrinking_by_centres_skips_no_pixel():
    line = torch.zeros(1, 1, 12, 12)
    line[..., 4] = 1
    assert float(GRIDS["centres"].resized(line, (3, 3)).sum()) == pytest.approx(12 / 16, rel=0.1)
    assert GRIDS["corners"].resized(line, (3, 3)).sum() == 0


@given(position=st.integers(0, 35), scale=st.floats(1.5, 8))
def test_a_click_stays_on_the_bright_pixel_that_it_was_made_on(position, scale):
    extent = 36
    size = round(extent * scale)
    pixel = torch.zeros(1, 1, extent, extent)
    pixel[..., position] = 1
    bright = GRIDS["centres"].resized(pixel, (size, size))[0, 0, 0]
    centre = float((bright * torch.arange(size)).sum() / bright.sum())
    moved = GRIDS["centres"].moved(position, size / extent)
    # At the edges of the region half of the pixel's slopes are cut off.
    assert abs(centre - moved) < (0.1 if 0 < position < extent - 1 else 0.35 * scale)


class Echo:
    """Answers with the disks of the positive clicks."""

    click_radius_px = 5.0
    device = torch.device("cpu")

    def embed(self, image):
        return image

    def logits(self, image, hint):
        return hint[:, 1:2] * 20 - 10


@pytest.mark.parametrize(("row", "col"), [(2, 3), (15, 20), (33, 34)])
def test_with_centres_what_is_clicked_comes_back_where_it_was_clicked(row, col):
    zoom = ZoomConfig(side_px=160, least_side_px=32, before_mask="whole_slice", grid="centres")
    predictor = SlicePredictor(Echo(), PredictorConfig(zoom=zoom))
    predictor.set_slice(np.zeros((36, 36), np.float32))
    mask = predictor.predict([Click(row=row, col=col, is_positive=True)]).mask
    rows, cols = np.nonzero(mask)
    assert (rows.mean(), cols.mean()) == (row, col)
