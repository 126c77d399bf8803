"""Tests for isegformer.propagation.expected_error: terms with answers worked out by hand."""

import numpy as np
import pytest

from isegformer.errors import ConfigError, PropagationError
from isegformer.propagation import SliceEvidence
from isegformer.propagation.expected_error import (
    HAZARD,
    HAZARD_SLICES,
    ErrorWeights,
    ObjectResult,
    chance_to_go_on,
    dice_from_loss,
    error_terms,
    object_error,
)


def stack(*widths, height=2, side=8):
    """Return a mask (T, H, W) of boxes of `height` rows and the given numbers of columns."""
    mask = np.zeros((len(widths), 5, side), bool)
    for index, width in enumerate(widths):
        mask[index, :height, :width] = True
    return mask


def result_of(mask, annotated, evidence=None, **rest):
    """Return the result with this mask (T, H, W)."""
    area_px = mask.sum(axis=(1, 2)).astype(float)
    outlines = {index: mask[index] for index in annotated}
    return ObjectResult(area_px=area_px, outlines=outlines, evidence=evidence or {}, **rest)


def seen(index, **areas):
    values = {"entropy_px": 0.0, "disagreement_px": None, **areas}
    return {index: SliceEvidence(index=index, label=1, **values)}


def test_evidence_becomes_terms_but_not_on_annotated_slices():
    evidence = {
        **seen(1, entropy_px=3.0, disagreement_px=2.0),
        **seen(2, entropy_px=9.0, disagreement_px=9.0),
        **seen(3, entropy_px=4.0),
    }
    terms = error_terms(result_of(stack(1, 1, 1, 1), (0, 2), evidence))
    assert terms["entropy"].tolist() == [0, 3, 0, 4]
    assert terms["disagreement"].tolist() == [0, 2, 0, 0]


def test_change_is_largest_half_way_between_outlines_that_differ():
    # Slices 0 and 4 differ by 2 x 3 px; 4 s (1 - s) is 3/4, 1, 3/4.
    result = result_of(stack(1, 2, 3, 3, 4, 4, 4), (0, 4, 6))
    assert error_terms(result)["change"].tolist() == [0, 4.5, 6, 4.5, 0, 0, 0]


def test_the_chance_to_go_on_falls_with_distance_over_radius():
    # Slices 1 and 3 have 8 and 2 px, so their outlines have radii of sqrt(8 / pi) and sqrt(2 / pi).
    result = result_of(stack(0, 4, 3, 1, 3, 3), (1, 3), step_px=2.0)
    hazard = HAZARD * 2 / (2 + HAZARD_SLICES)
    expected = [
        np.exp(-hazard * 2 / np.sqrt(8 / np.pi)),
        *(1, 1, 1),
        np.exp(-hazard * 2 / np.sqrt(2 / np.pi)),
        np.exp(-hazard * 4 / np.sqrt(2 / np.pi)),
    ]
    assert chance_to_go_on(result) == pytest.approx(expected)


def test_the_chance_to_go_on_falls_with_what_is_known_of_the_object():
    def chance(*annotated):
        return chance_to_go_on(result_of(stack(2, 2, 2, 2, 2), annotated))[4]

    assert chance(3) > chance(2, 3) > chance(1, 2, 3) > 0


def test_a_known_extent_leaves_nothing_to_chance():
    result = result_of(stack(2, 2, 2, 2, 2, 2), (2, 3), extent=(1, 4))
    assert chance_to_go_on(result).tolist() == [0, 1, 1, 1, 1, 0]


def test_what_goes_on_may_be_too_much_and_what_ended_too_little():
    result = result_of(stack(0, 4, 3), (1,))
    before, _, after = chance_to_go_on(result)
    terms = error_terms(result)
    assert terms["overrun"] == pytest.approx([0, 0, 6 * (1 - after)])
    assert terms["underrun"] == pytest.approx([8 * before, 0, 2 * after])


def test_nothing_is_expected_beyond_a_slice_that_lacks_the_object():
    result = result_of(stack(2, 2, 0, 0, 0), (1, 3))
    terms = error_terms(result)
    assert terms["overrun"][4] == terms["underrun"][4] == 0


def test_a_slice_loses_wrong_pixels_over_twice_the_object():
    weights = ErrorWeights(entropy=0.5, disagreement=0, change=0, overrun=0, underrun=0)
    error = object_error(result_of(stack(2, 2, 1), (0,), seen(1, entropy_px=4.0)), weights=weights)
    # 2 px wrong; the object has 10 px, of which slice 1 has 4.
    assert error.error_px().tolist() == [0, 2, 0]
    assert error.loss().tolist() == [0, 2 / 20, 0]
    assert error.slice_dice(1) == pytest.approx(1 - 2 / (2 + 2 * 4))
    assert error.slice_dice(0) == error.slice_dice(2) == 1


def test_error_where_there_is_no_object_is_a_dice_of_zero():
    weights = ErrorWeights(entropy=1.0)
    mask = stack(1, 0)
    error = object_error(result_of(mask, (0,), seen(1, entropy_px=40.0)), weights=weights)
    assert error.slice_dice(1) == 0
    assert 0 < dice_from_loss(error.loss().sum()) < 1e-9


def test_predicted_dice_falls_from_1_as_the_loss_grows():
    dice = dice_from_loss(np.linspace(0, 2, 50))
    assert dice[0] == 1
    assert (np.diff(dice) < 0).all()
    assert dice[-1] > 0


@pytest.mark.parametrize("term", ["entropy", "disagreement"])
def test_more_evidence_of_error_never_predicts_a_better_dice(term):
    def dice(amount):
        evidence = seen(1, **{f"{term}_px": amount})
        result = result_of(stack(4, 4, 4), (0,), evidence)
        return float(dice_from_loss(object_error(result).loss().sum()))

    assert dice(0.0) >= dice(1.0) >= dice(5.0)


def test_the_reason_names_what_weighs_most():
    weights = ErrorWeights(entropy=1.0, disagreement=1.0, change=0, overrun=0, underrun=0)
    evidence = seen(1, entropy_px=3.0, disagreement_px=4.0)
    error = object_error(result_of(stack(1, 1, 1), (0,), evidence), weights=weights)
    assert error.reason(1) == "passes that met here disagree"
    assert error.reason(2) == "nothing speaks against it here"


def test_weights_are_never_negative():
    with pytest.raises(ConfigError, match=r"overrun is -0\.1, expected at least 0"):
        ErrorWeights(overrun=-0.1)


@pytest.mark.parametrize("annotated", [(), (-1,), (3,)])
def test_annotated_slices_that_cannot_be_are_refused(annotated):
    outlines = dict.fromkeys(annotated, np.zeros((2, 2), bool))
    with pytest.raises(PropagationError, match="expected at least one, from 0 to 2"):
        ObjectResult(area_px=np.zeros(3), outlines=outlines, evidence={})


def test_slices_without_distance_are_refused():
    with pytest.raises(PropagationError, match="step_px is 0"):
        result_of(stack(1), (0,), step_px=0)
