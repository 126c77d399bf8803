import numpy as np
import pytest

from isegformer.clicks import FirstClickConfig, sample_first_clicks
from isegformer.clicks.sampling import negative_regions
from isegformer.errors import ClickError, ConfigError


@pytest.fixture
def target():
    target = np.zeros((40, 60), bool)
    target[10:30, 10:40] = True
    return target


@pytest.fixture
def others():
    others = np.zeros((40, 60), bool)
    others[5:35, 45:55] = True
    return others


def many_samples(target, others, *, count=1500, config=None):
    rng = np.random.default_rng(3)
    return [sample_first_clicks(target, others=others, rng=rng, config=config) for _ in range(count)]


def chi_square(counts, shares):
    """Return how far counts are from the expected shares: about n - 1 for n shares."""
    expected = np.sum(counts) * np.asarray(shares) / np.sum(shares)
    return float(np.sum((np.asarray(counts) - expected) ** 2 / expected))


def test_positive_clicks_hit_the_object_and_negative_ones_miss_it(target, others):
    for clicks in many_samples(target, others, count=200):
        assert clicks[0].is_positive
        assert all(target[click.row, click.col] == click.is_positive for click in clicks)


def test_numbers_of_clicks_fall_by_the_decay(target, others):
    config = FirstClickConfig(decay=0.5)
    samples = many_samples(target, others, config=config)
    positives = np.array([sum(click.is_positive for click in clicks) for clicks in samples])
    shares = np.bincount(positives, minlength=5)[1:5] / len(positives)
    np.testing.assert_allclose(shares, [0.5, 0.25, 0.125, 0.0625], atol=0.04)


def test_negative_clicks_fall_on_background_others_and_border_in_the_stated_shares(target, others):
    config = FirstClickConfig(background_weight=0, other_objects_weight=0.25, border_weight=0.75)
    negatives = [
        click
        for clicks in many_samples(target, others, config=config)
        for click in clicks
        if not click.is_positive
    ]
    on_others = np.mean([others[click.row, click.col] for click in negatives])
    assert on_others == pytest.approx(0.25, abs=0.04)


def test_the_paper_draws_k_first_clicks_with_probability_proportional_to_the_decay(target, others):
    samples = many_samples(target, others, config=FirstClickConfig(decay=0.8))
    positives = [sum(click.is_positive for click in clicks) for clicks in samples]
    negatives = [len(clicks) - count for clicks, count in zip(samples, positives, strict=True)]
    assert (min(positives), min(negatives)) == (1, 0)
    # k = 1 to 8 positive, 0 to 7 negative clicks; 22.1 is exceeded once in 400 by chance
    assert chi_square(np.bincount(positives)[1:9], 0.8 ** np.arange(8)) < 22.1
    assert chi_square(np.bincount(negatives)[:8], 0.8 ** np.arange(8)) < 22.1


def test_negative_clicks_fall_by_the_paper_s_weights_on_the_three_regions(target, others):
    """Regions overlap: clicks on the background hit the others and the band too, as their area says."""
    config = FirstClickConfig()
    background, _, band = negative_regions(target, others=others, config=config)
    parts = [others & ~band, band & ~others, others & band, background & ~band & ~others]
    areas = np.array([np.count_nonzero(part) for part in parts])
    shares = (
        0.1 * areas / np.count_nonzero(background)
        + 0.4 * areas * [1, 0, 1, 0] / np.count_nonzero(others)
        + 0.5 * areas * [0, 1, 1, 0] / np.count_nonzero(band)
    )
    counts = [0, 0, 0, 0]
    for clicks in many_samples(target, others, count=800):
        for click in clicks:
            for number, part in enumerate(parts):
                counts[number] += not click.is_positive and part[click.row, click.col]
    assert areas[2] == 0  # the other object lies beyond the band
    kept = [0, 1, 3]
    # 2 degrees of freedom; 12 is exceeded once in 400 by chance
    assert chi_square(np.take(counts, kept), np.take(shares, kept)) < 12


def test_border_band_is_a_tenth_of_the_square_root_of_the_area_wide(target, others):
    band = negative_regions(target, others=others, config=FirstClickConfig())[2]
    rows, cols = np.nonzero(band)
    # sqrt(600) / 10 = 2.4, so three pixels
    assert (rows.min(), rows.max(), cols.min(), cols.max()) == (7, 32, 7, 42)
    assert not (band & target).any()


def test_positive_clicks_keep_away_from_the_border_when_there_is_room(target, others):
    config = FirstClickConfig(erosion_probability=1.0)
    clicks = [click for sample in many_samples(target, others, count=100, config=config) for click in sample]
    assert all(13 <= c.row < 27 and 13 <= c.col < 37 for c in clicks if c.is_positive)


def test_pixels_of_unknown_class_get_no_negative_click(target, others):
    rng = np.random.default_rng(2)
    for _ in range(50):
        clicks = sample_first_clicks(target, others=others, ignored=others, rng=rng)
        assert not any(others[click.row, click.col] for click in clicks)


def test_a_one_pixel_object_is_clicked_where_it_is():
    target = np.zeros((7, 5), bool)
    target[6, 0] = True
    clicks = sample_first_clicks(target, others=np.zeros_like(target), rng=np.random.default_rng(0))
    assert {(c.row, c.col) for c in clicks if c.is_positive} == {(6, 0)}


def test_an_object_that_fills_the_slice_gets_no_negative_clicks():
    target = np.ones((20, 30), bool)
    clicks = sample_first_clicks(target, others=~target, rng=np.random.default_rng(1))
    assert all(click.is_positive for click in clicks)


def test_an_empty_object_is_refused():
    empty = np.zeros((4, 5), bool)
    with pytest.raises(ClickError, match="empty object"):
        sample_first_clicks(empty, others=empty, rng=np.random.default_rng(0))


def test_the_same_seed_gives_the_same_clicks(target, others):
    first, second = (
        sample_first_clicks(target, others=others, rng=np.random.default_rng(9)) for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize("values", [{"decay": 1.0}, {"decay": 0.0}, {"most_per_sign": 0}])
def test_numbers_out_of_range_are_refused(values):
    with pytest.raises(ConfigError, match=next(iter(values))):
        FirstClickConfig(**values)


def test_the_very_first_click_may_be_asked_to_be_central():
    rows, cols = np.mgrid[:40, :50]
    disk = (rows - 20) ** 2 + (cols - 25) ** 2 <= 15**2
    nothing = np.zeros_like(disk)
    offsets = {}
    for share in (0.0, 1.0):
        config = FirstClickConfig(central_share=share, erosion_probability=0.0)
        firsts = [
            sample_first_clicks(disk, others=nothing, rng=np.random.default_rng(seed), config=config)[0]
            for seed in range(200)
        ]
        offsets[share] = np.array([np.hypot(click.row - 20, click.col - 25) for click in firsts])
    assert offsets[1.0].max() <= 8.5  # deeper than half of 16 px
    assert 0.5 < np.mean(offsets[0.0] > 8.5) < 0.85  # of a disk's area, three quarters lie farther out


def test_a_share_of_central_clicks_is_checked():
    with pytest.raises(ConfigError, match=r"central_share is 1\.5"):
        FirstClickConfig(central_share=1.5)
