import numpy as np
import pytest

from isegformer.training.config import ViewConfig
from isegformer.training.view import FRAMINGS, draw_crop, draw_zoom, warp_image, warp_labels

STILL = {"rotation_deg": 0.0, "aspect": 1.0}


@pytest.fixture
def target():
    target = np.zeros((50, 80), bool)
    target[20:30, 60:70] = True
    return target


def test_image_and_labels_stay_together(target):
    config = ViewConfig(side_px=64)
    for seed in range(30):
        view = draw_zoom(target, rng=np.random.default_rng(seed), config=config)
        seen = warp_labels(target, view, shape_px=(64, 64))
        image = warp_image(target.astype(np.float32), view, shape_px=(64, 64))
        assert seen.dtype == bool
        disagreement = np.mean((image > 0.5) != seen)
        assert disagreement < 0.05


def test_zoomed_samples_show_the_object_at_the_drawn_size(target):
    config = ViewConfig(side_px=64, zoom_share=1.0, zoom_margin=(2.0, 2.0), **STILL)
    for seed in range(10):
        view = draw_zoom(target, rng=np.random.default_rng(seed), config=config)
        seen = warp_labels(target, view, shape_px=(64, 64))
        # 10 px in a cut of 20 px shown at 64 px: 32 px a side
        assert seen.sum() == pytest.approx(32**2, rel=0.1)


def test_tiny_objects_are_not_magnified_without_end(target):
    config = ViewConfig(side_px=640, zoom_share=1.0, most_magnified=3.0, **STILL)
    seen = warp_labels(
        target, draw_zoom(target, rng=np.random.default_rng(0), config=config), shape_px=(640, 640)
    )
    assert seen.sum() == pytest.approx(30**2, rel=0.1)


def test_whole_samples_show_the_slice_at_the_drawn_scale(target):
    config = ViewConfig(side_px=80, zoom_share=0.0, whole_scale=(0.5, 0.5), **STILL)
    slice_seen = warp_labels(
        np.ones_like(target),
        draw_zoom(target, rng=np.random.default_rng(1), config=config),
        shape_px=(80, 80),
    )
    assert slice_seen.sum() == pytest.approx(50 * 80 / 4, rel=0.1)


@pytest.mark.parametrize("framing", sorted(FRAMINGS))
def test_the_same_seed_gives_the_same_view(target, framing):
    draw = FRAMINGS[framing]
    first, second = (draw(target, rng=np.random.default_rng(8), config=ViewConfig()) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_zoomed_object_fits_into_a_sample_that_is_no_square(target):
    config = ViewConfig(shape_px=(32, 96), zoom_share=1.0, zoom_margin=(1.6, 1.6), **STILL)
    for seed in range(20):
        view = draw_zoom(target, rng=np.random.default_rng(seed), config=config)
        seen = warp_labels(target, view, shape_px=(32, 96))
        assert seen.shape == (32, 96)
        # 10 px in a cut of 16 px shown at 32 px, the shorter side: 20 px a side
        assert seen.sum() == pytest.approx(20**2, rel=0.15)


def crop_of(slice_shape, *, shape_px, scale, seed):
    """Return a crop of a slice whose pixels hold their row and column, both counted from 1."""
    rows, cols = (np.mgrid[: slice_shape[0], : slice_shape[1]] + 1).astype(np.float32)
    config = ViewConfig(shape_px=shape_px, framing="crop", crop_scale=(scale, scale))
    view = draw_crop(np.ones(slice_shape, bool), rng=np.random.default_rng(seed), config=config)
    return tuple(warp_image(part, view, shape_px=shape_px) for part in (rows, cols))


def test_a_crop_is_upright_and_mirrored_half_of_the_time():
    mirrored = 0
    for seed in range(60):
        # The outermost pixels may be mixed with the black beyond the slice.
        rows, cols = (
            part[1:-1, 1:-1] for part in crop_of((50, 80), shape_px=(20, 30), scale=1.25, seed=seed)
        )
        np.testing.assert_allclose(np.diff(rows, axis=0), 1 / 1.25, atol=0.02)
        steps = np.diff(cols, axis=1)
        np.testing.assert_allclose(np.abs(steps), 1 / 1.25, atol=0.02)
        assert 1 <= rows.min() <= rows.max() <= 50
        assert 1 <= cols.min() <= cols.max() <= 80
        mirrored += steps.mean() < 0
    assert 18 <= mirrored <= 42


def test_crops_reach_all_parts_of_the_slice():
    firsts = np.array(
        [crop_of((50, 80), shape_px=(20, 30), scale=1.0, seed=seed)[0][0, 0] for seed in range(60)]
    )
    assert firsts.min() < 4
    assert firsts.max() > 28
    assert firsts.max() <= 31.01


def test_a_slice_smaller_than_the_crop_lies_in_its_middle():
    rows, cols = crop_of((10, 30), shape_px=(20, 50), scale=1.0, seed=0)
    assert np.flatnonzero(rows.any(axis=1)).tolist() == list(range(5, 15))
    assert np.flatnonzero(cols.any(axis=0)).tolist() == list(range(10, 40))
    assert rows[5].max() == 1


def test_an_enlarged_slice_keeps_its_corner_on_the_corner():
    """At twice the size, pixel 0 covers samples 0 and 1, so its centre falls at 0.5."""
    config = ViewConfig(shape_px=(20, 40), crop_scale=(2.0, 2.0))
    for seed in range(8):
        view = draw_crop(np.ones((10, 20), bool), rng=np.random.default_rng(seed), config=config)
        x, y = view @ (0, 0, 1)
        assert y == pytest.approx(0.5)
        assert x == pytest.approx(0.5) or x == pytest.approx(38.5)
