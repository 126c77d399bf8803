"""Tests for isegformer.propagation.working_grid."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from isegformer.models.stcn import IMAGENET_MEAN
from isegformer.propagation.working_grid import working_grid
from isegformer.slicing.padding import Padding

CPU = torch.device("cpu")
SIDES = st.integers(1, 70)


@given(SIDES, SIDES)
def test_padding_reaches_multiples_of_16_and_the_way_back_is_exact(height, width):
    grid = working_grid((height, width), min_side_px=None)
    masks = np.random.default_rng(height).integers(0, 2, (2, height, width), dtype=np.uint8)
    padded = grid.masks(masks, device=CPU)
    assert padded.shape == (2, 1, *grid.shape)
    for side, own in zip(grid.shape, (height, width), strict=True):
        assert side % 16 == 0
        assert 0 <= side - own < 16
    assert padded.sum() == masks.sum()
    assert np.array_equal(grid.crop(padded)[:, 0].numpy(), masks)


def test_the_odd_padding_pixel_goes_right_and_bottom():
    grid = working_grid((13, 29), min_side_px=None)
    assert grid.padding == Padding(left=1, right=2, top=1, bottom=2)
    assert grid.shape == (16, 32)


def test_frame_is_the_slice_amid_the_mean_colour():
    image = np.random.default_rng(0).random((13, 16), dtype=np.float32)
    frame = working_grid((13, 16), min_side_px=None).frame(image, device=CPU)
    assert frame.shape == (1, 3, 16, 16)
    assert frame.dtype == torch.float32
    for channel in range(3):
        assert np.array_equal(frame[0, channel, 1:14].numpy(), image)
        assert torch.equal(frame[0, channel, 14:], torch.full((2, 16), IMAGENET_MEAN[channel]))


def test_colour_slices_keep_their_channels():
    image = np.random.default_rng(0).random((16, 16, 3), dtype=np.float32)
    frame = working_grid((16, 16), min_side_px=None).frame(image[:, ::-1], device=CPU)
    assert np.array_equal(frame[0].permute(1, 2, 0).numpy(), image[:, ::-1])


@pytest.mark.parametrize(
    ("shape", "scaled", "padded"), [((35, 51), (96, 140), (96, 144)), ((96, 20), (461, 96), (464, 96))]
)
def test_small_slices_are_enlarged_to_the_shorter_side(shape, scaled, padded):
    grid = working_grid(shape, min_side_px=96)
    assert grid.scaled_shape == scaled
    assert grid.shape == padded
    mask = np.zeros((1, *shape), np.uint8)
    mask[0, 5:15, 4:16] = 1
    back = grid.crop(grid.masks(mask, device=CPU))
    assert back.shape == (1, 1, *shape)
    assert np.array_equal(back[0, 0].numpy() > 0.5, mask[0] == 1)


def test_large_slices_are_not_touched():
    assert working_grid((96, 300), min_side_px=96).scaled_shape == (96, 300)


@pytest.mark.parametrize(
    ("shape", "scaled", "padded"),
    [
        ((3, 200), (8, 512), (16, 512)),
        ((200, 3), (512, 8), (512, 16)),
        ((5, 512), (5, 512), (16, 512)),
        ((1, 400), (1, 512), (16, 512)),
        ((100, 600), (100, 600), (112, 608)),
        ((1, 1), (128, 128), (128, 128)),
        ((35, 51), (128, 187), (128, 192)),
    ],
)
def test_thin_slices_are_enlarged_up_to_the_longer_sides_limit(shape, scaled, padded):
    grid = working_grid(shape, min_side_px=128, max_enlarged_side_px=512)
    assert grid.scaled_shape == scaled
    assert grid.shape == padded
    ones = np.ones((1, *shape), np.uint8)
    assert grid.crop(grid.masks(ones, device=CPU))[0, 0].numpy() == pytest.approx(ones[0])
    assert grid.frame(ones[0], device=CPU).shape == (1, 3, *padded)


@given(st.integers(1, 900), st.integers(1, 900))
def test_slices_never_shrink_nor_outgrow_the_limit(height, width):
    grid = working_grid((height, width), min_side_px=128, max_enlarged_side_px=512)
    assert grid.scaled_shape[0] >= height
    assert grid.scaled_shape[1] >= width
    assert max(grid.scaled_shape) <= max(height, width, 512)
