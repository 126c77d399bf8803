"""Tests for isegformer.propagation.shape_evidence."""

import numpy as np
import pytest

from isegformer.errors import ConfigError
from isegformer.propagation import EvidenceConfig
from isegformer.propagation.interpolate import interpolated_distance
from isegformer.propagation.shape_evidence import ShapeEnd, ShapeGap, shape_gap

PLAIN = EvidenceConfig(bulge=0.0, reach=0.0)


def square(side, *, shape=(40, 50)):
    mask = np.zeros(shape, bool)
    mask[20 - side : 20 + side, 25 - side : 25 + side] = True
    return mask


def gap(*, motion_px=4.0, radius_px=0.0):
    """Return a gap of one row of pixels: 3 px inside on the first slice, 5 px outside on the second."""
    first, second = np.full((1, 2), 3, np.float32), np.full((1, 2), -5, np.float32)
    return ShapeGap(first=first, second=second, motion_px=motion_px, radius_px=radius_px)


def test_without_bulge_and_network_scores_are_the_interpolated_distances():
    log_odds = np.array([[3.0, -3.0]], np.float32)
    assert gap().scores(log_odds, share=0.25, config=PLAIN).tolist() == [[1.0, 1.0]]
    assert gap().scores(log_odds, share=0.75, config=PLAIN).tolist() == [[-3.0, -3.0]]


def test_bulge_is_a_share_of_the_motion_and_largest_half_way():
    config, silent = EvidenceConfig(bulge=0.5, reach=0.0), np.zeros((1, 2), np.float32)
    # half way: -1 + 0.5 * 4; a quarter of the way 4 * 1/4 * 3/4 = 3/4 of the bulge: 1 + 0.75 * 2
    assert gap().scores(silent, share=0.5, config=config).tolist() == [[1.0, 1.0]]
    assert gap().scores(silent, share=0.25, config=config).tolist() == [[2.5, 2.5]]


def test_network_moves_the_border_as_far_as_it_may_be_off():
    config = EvidenceConfig(bulge=0.0, reach=0.25, least_doubt=0.5)
    log_odds = np.array([[2.0, -2.0]], np.float32)
    # doubt: hypot(4, 0.5 * 6) = 5 px; half way -1 +- 0.25 * 5 * 2
    scores = gap(radius_px=6.0).scores(log_odds, share=0.5, config=config)
    assert scores.tolist() == [[1.5, -3.5]]


def test_network_has_a_say_between_equal_outlines():
    same = shape_gap(square(6), square(6))
    assert same.motion_px == 0
    doubtful = np.full((40, 50), -3, np.float32)
    assert np.array_equal(same.scores(doubtful, share=0.5, config=PLAIN) > 0, square(6))
    assert (same.scores(doubtful, share=0.5, config=EvidenceConfig()) > 0).sum() < square(6).sum()


def test_motion_is_how_far_the_border_moves():
    assert shape_gap(square(4), square(8)).motion_px == pytest.approx(4.0, abs=0.5)
    assert shape_gap(square(8), square(4)).motion_px == shape_gap(square(4), square(8)).motion_px


def test_motion_of_an_object_that_ends_is_its_depth():
    ends = shape_gap(square(6), np.zeros((40, 50), bool))
    begins = shape_gap(np.zeros((40, 50), bool), square(6))
    assert ends.motion_px == begins.motion_px == 5.5
    assert ends.radius_px == pytest.approx(np.sqrt(12 * 12 / 2 / np.pi))
    config, share = EvidenceConfig(reach=0.0, bulge=0.0), 0.25
    expected = interpolated_distance(ends.first, ends.second, share=share)
    assert np.array_equal(ends.scores(np.zeros((40, 50), np.float32), share=share, config=config), expected)


def test_nothing_is_known_of_an_object_that_both_slices_lack():
    nothing = np.zeros((40, 50), bool)
    assert shape_gap(nothing, nothing) is None


def end_of_square(*, n_slices, span):
    """Return an end whose outline is five pixels wide: depths 0.5, 1.5, 2.5, 1.5, 0.5 of at most 2.5."""
    outline = np.zeros((9, 9), bool)
    outline[2:7, 2:7] = True
    return ShapeEnd(outline=outline, n_slices=n_slices, span=span)


@pytest.mark.parametrize(("n_slices", "span"), [(1, 0), (2, 10)])
def test_one_or_two_slices_say_nothing_about_the_ends(n_slices, span):
    log_odds = end_of_square(n_slices=n_slices, span=span).log_odds(3, config=EvidenceConfig())
    assert not log_odds.any()
    assert log_odds.dtype == np.float32


def test_log_odds_beyond_the_outermost_slice_follow_the_chance_to_go_on():
    # 4 slices, 20 apart, count against 0.5 * 20 = 10; the chance to go on for 10 is (1 + 1) ** -2 = 1 / 4
    log_odds = end_of_square(n_slices=4, span=60).log_odds(10, config=EvidenceConfig(overhang=0.5))
    assert log_odds[4, 4] == pytest.approx(np.log((1 / 4) / (3 / 4)))
    # a pixel at 1.5 of 2.5 px is left only if the object goes on for 10 / 0.6 slices
    chance = (1 + 1 / 0.6) ** -2
    assert log_odds[3, 3] == pytest.approx(np.log(chance / (1 - chance)), rel=1e-5)
    assert log_odds[4, 4] > log_odds[3, 3] > log_odds[2, 2] > log_odds[0, 0]


def test_the_more_slices_over_the_same_span_the_sooner_the_object_ends():
    config = EvidenceConfig()
    at_centre = [end_of_square(n_slices=n, span=20).log_odds(2, config=config)[4, 4] for n in (3, 5, 10)]
    assert at_centre == sorted(at_centre, reverse=True)
    assert np.isfinite(end_of_square(n_slices=500, span=20).log_odds(400, config=config)).all()


@pytest.mark.parametrize(
    "change",
    [{"bulge": -0.1}, {"reach": -1.0}, {"least_doubt": -1.0}, {"overhang": 0.0}, {"least_depth": 0.0}],
)
def test_impossible_numbers_are_refused(change):
    with pytest.raises(ConfigError, match="expected"):
        EvidenceConfig(**change)
