import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from isegformer.clicks import Click, HumanClickConfig, human_next_click, next_click
from isegformer.errors import ConfigError, ShapeMismatchError

MASKS = arrays(bool, (6, 9))
AIMED = HumanClickConfig(border_share=0, other_error_share=0, hand=0)
"""The middle of the deepest error, hit exactly."""


def square(shape, rows, cols):
    mask = np.zeros(shape, bool)
    mask[slice(*rows), slice(*cols)] = True
    return mask


def clicks(prediction, target, *, config, number, seed=5, **settings):
    rng = np.random.default_rng(seed)
    return [human_next_click(prediction, target, rng=rng, config=config, **settings) for _ in range(number)]


def test_a_pixel_is_aimed_at_in_proportion_to_its_depth_cubed():
    """A missing square of 5 x 5 has 16 pixels of depth 1, 8 of depth 2 and one of depth 3: 16 : 64 : 27."""
    target = square((8, 11), (1, 6), (3, 8))
    drawn = clicks(np.zeros_like(target), target, config=AIMED, number=1070)
    depths = [min(c.row, 6 - c.row, c.col - 2, 8 - c.col) for c in drawn]
    counts = np.array([depths.count(depth) for depth in (1, 2, 3)])
    expected = np.array([160, 640, 270])
    assert counts.sum() == 1070
    # 2 degrees of freedom; 12 is exceeded once in 400 by chance
    assert np.sum((counts - expected) ** 2 / expected) < 12


def test_people_click_at_two_thirds_of_the_depth_of_a_disk():
    rows, cols = np.ogrid[:81, :95]
    target = (rows - 40) ** 2 + (cols - 45) ** 2 < 36**2
    drawn = clicks(np.zeros_like(target), target, config=AIMED, number=400)
    depths = [1 - np.hypot(c.row - 40, c.col - 45) / 36 for c in drawn]
    assert np.mean(depths) == pytest.approx(2 / 3, abs=0.03)


def test_the_border_is_aimed_at_as_often_as_it_is_told():
    """Of a square of 21 x 21 the outermost ring holds almost nothing of depth cubed."""
    target = square((30, 40), (4, 25), (10, 31))
    config = HumanClickConfig(border_share=0.3, other_error_share=0, hand=0)
    drawn = clicks(np.zeros_like(target), target, config=config, number=500)
    at_border = sum(c.row in {4, 24} or c.col in {10, 30} for c in drawn)
    assert at_border / 500 == pytest.approx(0.3, abs=0.07)


def test_the_hand_is_off_by_its_share_of_the_slice():
    """Aim: the one wrong pixel. The slice is 100 x 400, so 1 % of its side of 200 is 2 px."""
    target = square((100, 400), (50, 51), (200, 201))
    config = HumanClickConfig(hand=0.01)
    drawn = clicks(np.zeros_like(target), target, config=config, number=600)
    offsets = np.array([(c.row - 50, c.col - 200) for c in drawn])
    # rounding to whole pixels adds a variance of 1/12
    np.testing.assert_allclose(offsets.std(axis=0), np.sqrt(4 + 1 / 12), atol=0.2)
    np.testing.assert_allclose(offsets.mean(axis=0), 0, atol=0.35)


def test_a_click_keeps_its_meaning_where_the_hand_slips_across_the_border():
    target = square((60, 70), (20, 40), (30, 50))
    config = HumanClickConfig(border_share=1, hand=0.02)
    missing = clicks(np.zeros_like(target), target, config=config, number=300)
    assert all(click.is_positive for click in missing)
    wrong = sum(not target[click.row, click.col] for click in missing)
    assert 0.2 < wrong / 300 < 0.5
    excess = clicks(target, np.zeros_like(target), config=config, number=50)
    assert not any(click.is_positive for click in excess)


def test_some_clicks_of_the_default_user_contradict_the_truth_and_most_do_not():
    target = square((256, 256), (100, 140), (80, 140))
    drawn = clicks(np.zeros_like(target), target, config=None, number=600)
    wrong = sum(not target[click.row, click.col] for click in drawn)
    assert 0.01 < wrong / 600 < 0.1


def test_another_than_the_deepest_error_is_chosen_in_proportion_to_its_area():
    """Missing: 6 x 6 = 36 pixels, the deepest. Excess: 2 x 6 = 12. The latter gets 0.4 times a quarter."""
    target = square((12, 30), (2, 8), (3, 9))
    prediction = square((12, 30), (9, 11), (20, 26))
    config = HumanClickConfig(other_error_share=0.4, border_share=0, hand=0)
    drawn = clicks(prediction, target, config=config, number=800)
    assert sum(not click.is_positive for click in drawn) / 800 == pytest.approx(0.1, abs=0.03)
    assert all(click.is_positive for click in clicks(prediction, target, config=AIMED, number=50))


def test_two_regions_of_one_sign_are_two_errors():
    target = square((12, 30), (2, 8), (3, 9)) | square((12, 30), (2, 5), (20, 23))
    drawn = clicks(np.zeros_like(target), target, config=AIMED, number=60)
    assert all(click.col < 9 for click in drawn)


def test_a_tie_of_depths_is_negative_as_for_the_centre():
    target, prediction = square((3, 9), (0, 3), (0, 3)), square((3, 9), (0, 3), (5, 8))
    assert not next_click(prediction, target).is_positive
    assert not clicks(prediction, target, config=AIMED, number=1)[0].is_positive


@given(MASKS, MASKS, MASKS, st.integers(0, 1000))
def test_clicks_stay_inside_the_slice_off_ignored_pixels_and_end(prediction, target, ignored, seed):
    rng = np.random.default_rng(seed)
    config = HumanClickConfig(border_share=0.5, hand=0.5)
    made = []
    while click := human_next_click(
        prediction, target, rng=rng, clicked=made, ignored=ignored, config=config
    ):
        assert 0 <= click.row < 6
        assert 0 <= click.col < 9
        assert not ignored[click.row, click.col]
        made.append(click)
    assert len({(click.row, click.col) for click in made}) == len(made)
    wrong = (prediction != target) & ~ignored
    assert all((row, col) in {(c.row, c.col) for c in made} for row, col in np.argwhere(wrong))


@given(MASKS, MASKS, st.integers(0, 100))
def test_without_a_slip_every_click_corrects_an_error(prediction, target, seed):
    config = HumanClickConfig(hand=0)
    click = human_next_click(prediction, target, rng=np.random.default_rng(seed), config=config)
    if click is None:
        assert (prediction == target).all()
    else:
        assert prediction[click.row, click.col] != target[click.row, click.col] == click.is_positive


def test_equal_generators_give_equal_clicks_and_others_do_not():
    target = square((50, 60), (10, 40), (10, 50))
    first, second, third = (
        clicks(np.zeros_like(target), target, config=None, number=10, seed=seed) for seed in (1, 1, 2)
    )
    assert first == second != third


def test_the_arguments_are_left_as_they_were():
    target, ignored = square((9, 12), (2, 7), (2, 7)), square((9, 12), (0, 2), (0, 12))
    before = ignored.copy()
    rng = np.random.default_rng(0)
    clicked = [Click(row=4, col=4, is_positive=True)]
    human_next_click(np.zeros_like(target), target, rng=rng, clicked=clicked, ignored=ignored)
    assert (ignored == before).all()


def test_masks_of_two_shapes_are_refused():
    with pytest.raises(ShapeMismatchError):
        human_next_click(np.zeros((2, 3), bool), np.zeros((3, 2), bool), rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    "values", [{"border_share": 1.1}, {"other_error_share": -0.1}, {"hand": -1.0}, {"centrality": -1.0}]
)
def test_numbers_that_describe_no_user_are_refused(values):
    with pytest.raises(ConfigError, match=next(iter(values))):
        HumanClickConfig(**values)
