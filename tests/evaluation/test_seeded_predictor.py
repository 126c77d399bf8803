import numpy as np
import pytest

from isegformer.clicks import Click
from isegformer.errors import ClickError, ConfigError, ShapeMismatchError
from isegformer.evaluation.seeded_predictor import (
    SeedConfig,
    SeededPredictor,
    seeds_of,
)
from isegformer.interaction import Prediction

EXACT = SeedConfig(radius=0, open_radius=0)
"""Disks of the smallest radius, 1 px."""


def click(row, col, is_positive=True):
    return Click(row=row, col=col, is_positive=is_positive)


def drawn(*rows):
    return np.array([[character == "#" for character in row] for row in rows])


class Painter:
    """Answers with a mask drawn beforehand, and remembers what it was asked."""

    def __init__(self, mask):
        self.mask = mask

    def __call__(self, image, seeds):
        self.image, self.seeds = image, seeds
        return self.mask.astype(np.float32)


def predict(mask, clicks, previous=None):
    predictor = SeededPredictor(Painter(mask), EXACT)
    predictor.set_slice(np.zeros(mask.shape, np.float32))
    return predictor.predict(clicks, previous).mask


def test_a_click_is_a_disk_of_its_sign():
    seeds = seeds_of([click(2, 2), click(2, 6, is_positive=False)], (5, 9), config=EXACT)
    plus = drawn(".........", "..#......", ".###.....", "..#......", ".........")
    assert (seeds.inside == plus).all()
    assert (seeds.outside == plus[:, ::-1]).all()


def test_the_radius_grows_with_the_slice():
    seeds = seeds_of([click(100, 200)], (200, 800), config=SeedConfig(radius=0.01))
    assert seeds.inside[100].sum() == 2 * 4 + 1  # 1 % of 400 px


def test_where_disks_of_both_signs_overlap_neither_counts_but_the_clicked_pixels():
    seeds = seeds_of([click(2, 3), click(2, 4, is_positive=False)], (5, 9), config=EXACT)
    assert (seeds.inside == drawn(".........", "...#.....", "..##.....", "...#.....", ".........")).all()
    assert (seeds.outside == drawn(".........", "....#....", "....##...", "....#....", ".........")).all()


def test_the_last_word_counts_where_a_pixel_was_clicked_twice():
    seeds = seeds_of([click(2, 2), click(2, 2, is_positive=False)], (5, 9), config=EXACT)
    assert not seeds.inside.any()
    assert seeds.outside[2, 2]
    assert not predict(np.ones((5, 9), bool), [click(2, 2), click(2, 2, is_positive=False)]).any()


def test_the_outermost_pixels_are_background_except_near_a_positive_click():
    far = seeds_of([click(3, 4)], (7, 9), config=EXACT).frame
    assert (~far).sum() == 5 * 7
    near = seeds_of([click(3, 1)], (7, 9), config=SeedConfig(radius=0, open_radius=2 / np.sqrt(63))).frame
    assert (far & ~near)[2:5, 0].all()
    assert (far & ~near).sum() == 3


def test_regions_without_a_positive_click_are_dropped():
    found = drawn(".........", ".###.###.", ".###.###.", ".###.###.", ".........")
    expected = drawn(".........", ".###.....", ".###.....", ".###.....", ".........")
    assert (predict(found, [click(2, 2)]) == expected).all()


def test_holes_are_filled_unless_a_negative_click_lies_in_them():
    found = drawn(
        "...............", ".#############.", ".#...##...####.", ".#...##...####.", ".#...##...####.",
        ".#############.", "...............",
    )  # fmt: skip
    filled = drawn(
        "...............", ".#############.", ".#...#########.", ".#...#########.", ".#...#########.",
        ".#############.", "...............",
    )  # fmt: skip
    clicks = [click(3, 12), click(3, 3, is_positive=False)]
    assert (predict(found, clicks) == filled).all()


def test_clicks_have_the_last_word_against_the_method():
    found = drawn(".........", ".#######.", ".#######.", ".#######.", ".........")
    mask = predict(found, [click(2, 2), click(2, 7, is_positive=False)])
    assert (mask == drawn(".........", ".######..", ".#####...", ".######..", ".........")).all()


def test_the_method_sees_colours_and_seeds():
    painter = Painter(np.zeros((7, 9), bool))
    predictor = SeededPredictor(painter, EXACT)
    predictor.set_slice(np.full((7, 9), 0.25, np.float32))
    predictor.predict([click(3, 3)])
    assert painter.image.shape == (7, 9, 3)
    assert painter.seeds.inside.sum() == 5


def test_the_answer_depends_on_the_clicks_alone():
    before = Prediction(probability=np.eye(7, 9, dtype=np.float32))
    found = drawn(*["..####..."] * 7)
    assert (predict(found, [click(3, 3)], before) == predict(found, [click(3, 3)])).all()


def test_only_negative_clicks_leave_nothing():
    assert not predict(np.ones((7, 9), bool), [click(3, 3, is_positive=False)]).any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (2, 2), (1, 9), (3, 3)])
def test_slices_too_small_to_cut_hold_what_is_not_background(shape):
    mask = predict(np.zeros(shape, bool), [click(0, 0)])
    assert mask[0, 0]
    assert mask.shape == shape


def test_what_cannot_be_answered_is_refused():
    predictor = SeededPredictor(Painter(np.zeros((7, 9), bool)))
    with pytest.raises(ClickError, match="set_slice"):
        predictor.predict([click(0, 0)])
    predictor.set_slice(np.zeros((7, 9), np.float32))
    with pytest.raises(ClickError, match="at least one"):
        predictor.predict([])
    with pytest.raises(ClickError, match="row 7"):
        predictor.predict([click(7, 0)])
    with pytest.raises(ShapeMismatchError, match=r"\(9, 7\)"):
        predictor.predict([click(0, 0)], Prediction(probability=np.zeros((9, 7), np.float32)))


@pytest.mark.parametrize("name", ["radius", "open_radius"])
def test_negative_radii_are_refused(name):
    with pytest.raises(ConfigError, match=name):
        SeedConfig(**{name: -0.1})
