import numpy as np
import pytest

from isegformer.training.config import ViewConfig
from isegformer.training.view import draw_view, warp_image, warp_labels

STILL = {"rotation_deg": 0.0, "aspect": 1.0}


@pytest.fixture
def target():
    target = np.zeros((50, 80), bool)
    target[20:30, 60:70] = True
    return target


def test_image_and_labels_stay_together(target):
    config = ViewConfig(side_px=64)
    for seed in range(30):
        view = draw_view(target, rng=np.random.default_rng(seed), config=config)
        seen = warp_labels(target, view, side_px=64)
        image = warp_image(target.astype(np.float32), view, side_px=64)
        assert seen.dtype == bool
        disagreement = np.mean((image > 0.5) != seen)
        assert disagreement < 0.05


def test_zoomed_samples_show_the_object_at_the_drawn_size(target):
    config = ViewConfig(side_px=64, zoom_share=1.0, zoom_margin=(2.0, 2.0), **STILL)
    for seed in range(10):
        view = draw_view(target, rng=np.random.default_rng(seed), config=config)
        seen = warp_labels(target, view, side_px=64)
        # 10 px in a cut of 20 px shown at 64 px: 32 px a side
        assert seen.sum() == pytest.approx(32**2, rel=0.1)


def test_tiny_objects_are_not_magnified_without_end(target):
    config = ViewConfig(side_px=640, zoom_share=1.0, most_magnified=3.0, **STILL)
    seen = warp_labels(target, draw_view(target, rng=np.random.default_rng(0), config=config), side_px=640)
    assert seen.sum() == pytest.approx(30**2, rel=0.1)


def test_whole_samples_show_the_slice_at_the_drawn_scale(target):
    config = ViewConfig(side_px=80, zoom_share=0.0, whole_scale=(0.5, 0.5), **STILL)
    slice_seen = warp_labels(
        np.ones_like(target), draw_view(target, rng=np.random.default_rng(1), config=config), side_px=80
    )
    assert slice_seen.sum() == pytest.approx(50 * 80 / 4, rel=0.1)


def test_the_same_seed_gives_the_same_view(target):
    first, second = (draw_view(target, rng=np.random.default_rng(8), config=ViewConfig()) for _ in range(2))
    np.testing.assert_array_equal(first, second)
