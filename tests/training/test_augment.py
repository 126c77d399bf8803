import numpy as np
import pytest

from isegformer.training.augment import AUGMENTATIONS, IntensityAugmentation, PaperAugmentation

GREY = np.linspace(0, 1, 6 * 7, dtype=np.float32).reshape(6, 7)
COLOUR = np.stack([GREY, GREY[::-1], 0.5 * GREY], axis=2)


@pytest.mark.parametrize("name", sorted(AUGMENTATIONS))
@pytest.mark.parametrize("image", [GREY, COLOUR], ids=["grey", "colour"])
def test_every_augmentation_gives_rgb_in_range_and_leaves_its_input(name, image):
    before = image.copy()
    augment = AUGMENTATIONS[name]()
    for seed in range(20):
        changed = augment(image, np.random.default_rng(seed))
        assert changed.shape == (3, 6, 7)
        assert changed.dtype == np.float32
        assert 0 <= changed.min() <= changed.max() <= 1
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("name", sorted(AUGMENTATIONS))
def test_the_same_seed_changes_alike(name):
    first, second = (AUGMENTATIONS[name]()(COLOUR, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_the_paper_changes_brightness_contrast_and_channels_within_its_ranges():
    """Of two greys, 0.4 and 0.5, contrast is ten times the difference, and brightness what is left."""
    image = np.repeat(np.array([[0.4, 0.5]], np.float32)[..., None], 3, axis=2)
    low, high = np.moveaxis(
        np.stack([PaperAugmentation()(image, np.random.default_rng(seed))[:, 0] for seed in range(4000)]),
        2,
        0,
    )  # (4000, 3) each
    contrast = (high - low)[:, 0] / 0.1
    brightness = low.mean(axis=1) - contrast * 0.4
    shift = low - low.mean(axis=1, keepdims=True)
    is_changed = np.abs(contrast - 1) > 1e-5
    is_shifted = np.abs(shift).max(axis=1) > 1e-5
    # shares within four standard deviations of 0.75 over 4000 draws
    assert is_changed.mean() == pytest.approx(0.75, abs=0.028)
    assert is_shifted.mean() == pytest.approx(0.75, abs=0.028)
    assert (is_changed & is_shifted).mean() == pytest.approx(0.5625, abs=0.032)
    assert contrast.min() == pytest.approx(0.85, abs=0.01)
    assert contrast.max() == pytest.approx(1.4, abs=0.01)
    alone = brightness[is_changed & ~is_shifted]
    assert (alone.min(), alone.max()) == (pytest.approx(-0.25, abs=0.01), pytest.approx(0.25, abs=0.01))
    only_shifted = low[is_shifted & ~is_changed] - 0.4
    assert np.abs(only_shifted).max() == pytest.approx(10 / 255, abs=0.001)


def test_seeds_are_those_that_monai_would_set():
    ours, theirs = IntensityAugmentation(), IntensityAugmentation()
    theirs._seed = lambda seed: theirs._transforms.set_random_state(seed=seed)
    for seed in range(60):
        np.testing.assert_array_equal(
            *(augment(COLOUR, np.random.default_rng(seed)) for augment in (ours, theirs))
        )
