import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from isegformer.clicks import Click, depth, error_depths, next_click, perturbed_next_click
from isegformer.errors import ShapeMismatchError

MASKS = arrays(bool, (6, 9))


def mask(*rows):
    return np.array([[character == "#" for character in row] for row in rows])


def brute_force_depth(inside):
    """Distance of each inside pixel to the nearest outside one, the frame around the slice included."""
    padded = np.pad(inside, 1)
    outside = np.argwhere(~padded)
    result = np.zeros(inside.shape)
    for row, col in np.argwhere(inside):
        result[row, col] = np.sqrt(((outside - (row + 1, col + 1)) ** 2).sum(axis=1).min())
    return result


@given(MASKS)
def test_depth_is_the_exact_distance_to_the_outside_and_to_the_border(inside):
    # To the last digit: which of two equally deep pixels is clicked must not be chance.
    np.testing.assert_array_equal(depth(inside), brute_force_depth(inside).astype(np.float32))


def test_the_first_click_is_the_centre_of_the_object():
    target = mask(".......", ".#####.", ".#####.", ".#####.", ".......")
    assert next_click(np.zeros_like(target), target) == Click(row=2, col=2, is_positive=True)


def test_the_deeper_error_decides_the_sign():
    target = mask("###......", "###......", "###......", ".........")
    shallow = mask(".........", ".........", ".....####", ".....####")
    assert next_click(shallow, target) == Click(row=1, col=1, is_positive=True)
    deep = mask(".........", "....#####", "....#####", "....#####")
    assert next_click(deep, mask("###......", *["........."] * 3)) == Click(row=2, col=5, is_positive=False)


def test_a_tie_of_depths_is_negative():
    click = next_click(mask("..##"), mask("##.."))
    assert click == Click(row=0, col=2, is_positive=False)


def test_a_clicked_pixel_is_not_proposed_again():
    target = mask("#.#")
    first = next_click(mask("..."), target)
    second = next_click(mask("..."), target, clicked=[first])
    assert (first.col, second.col) == (0, 2)
    assert next_click(mask("..."), target, clicked=[first, second]) is None


def test_ignored_pixels_are_no_errors():
    target, prediction = mask("##.."), mask("..##")
    assert next_click(prediction, target, ignored=mask("####")) is None
    assert next_click(prediction, target, ignored=mask("..##")).is_positive


def test_equal_masks_ask_for_no_click():
    target = mask(".#", "##")
    assert next_click(target, target) is None
    assert perturbed_next_click(target, target, rng=np.random.default_rng(0)) is None


def test_masks_of_two_shapes_are_refused():
    with pytest.raises(ShapeMismatchError, match=r"\(1, 2\).*\(1, 3\)"):
        error_depths(mask(".."), mask("..."))


@given(MASKS, MASKS)
def test_every_proposed_click_corrects_an_error(prediction, target):
    click = next_click(prediction, target)
    if click is None:
        assert (prediction == target).all()
    else:
        assert prediction[click.row, click.col] != target[click.row, click.col]
        assert target[click.row, click.col] == click.is_positive


@given(MASKS, MASKS, st.integers(0, 100))
def test_perturbed_clicks_stay_in_the_inner_half_of_the_larger_error(prediction, target, seed):
    click = perturbed_next_click(prediction, target, rng=np.random.default_rng(seed))
    if click is not None:
        depths = error_depths(prediction, target)
        chosen = depths.missing if click.is_positive else depths.excess
        assert chosen[click.row, click.col] > max(depths.missing.max(), depths.excess.max()) / 2


def test_perturbed_clicks_are_spread_evenly_over_the_deep_half_of_the_larger_error():
    """A missing square of 7 x 7 is 4 deep; its inner 3 x 3 pixels are deeper than 2."""
    target, prediction = np.zeros((12, 15), bool), np.zeros((12, 15), bool)
    target[2:9, 3:10] = True
    prediction[10:12, 12:15] = True
    counts = np.zeros(target.shape, int)
    rng = np.random.default_rng(4)
    for _ in range(900):
        click = perturbed_next_click(prediction, target, rng=rng)
        assert click.is_positive
        counts[click.row, click.col] += 1
    inner = counts[4:7, 5:8]
    assert inner.sum() == 900
    # 8 degrees of freedom; 24 is exceeded once in 400 by chance
    assert np.sum((inner - 100) ** 2 / 100) < 24


@pytest.mark.parametrize("seed", range(20))
def test_equal_depths_are_equal_wherever_the_mask_lies_in_memory(seed):
    rng = np.random.default_rng(seed)
    grown = np.kron(rng.random((5, 6)) < 0.7, np.ones((11, 9), bool))
    found = depth(grown)
    whole = np.rint(np.square(found, dtype=np.float64))  # squared distances between pixels
    np.testing.assert_array_equal(found, np.sqrt(whole).astype(np.float32))
