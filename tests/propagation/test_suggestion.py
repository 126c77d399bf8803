"""Tests for isegformer.propagation.suggestion: hand-made evidence, and what holds for any."""

import numpy as np
import pytest

from isegformer.errors import ConfigError, PropagationError
from isegformer.propagation import Advice, EvidenceLog, SliceEvidence, advise
from isegformer.propagation.suggestion import kept_share, loss_left

LABELS = np.full((9, 4, 5), 7, np.uint16)
"""One object that is the same everywhere: outlines say nothing between annotated slices."""


def log_of(label=7, **disagreement_px):
    """Return a log; arguments such as s3=5.0 are disagreement by slice."""
    log = EvidenceLog()
    for name, amount in disagreement_px.items():
        log(SliceEvidence(index=int(name[1:]), label=label, entropy_px=amount, disagreement_px=amount))
    return log


def random_case(seed):
    """Return labels, annotated slices and evidence without any sense."""
    rng = np.random.default_rng(seed)
    n_slices = int(rng.integers(2, 14))
    labels = rng.choice(np.array([0, 2, 9], np.uint16), (n_slices, 6, 5))
    annotated = rng.choice(n_slices, int(rng.integers(1, n_slices + 1)), replace=False).tolist()
    log = EvidenceLog()
    for label in (2, 9):
        for index in range(n_slices):
            if rng.random() < 0.7:
                entropy, disagreement = rng.random(2) * 30
                log(
                    SliceEvidence(
                        index=index,
                        label=label,
                        entropy_px=entropy,
                        disagreement_px=disagreement,
                    )
                )
    return labels, annotated, log


CERTAIN = np.ones(9)
"""An object that goes on to every slice."""


def test_an_annotation_halves_what_comes_twice_as_close_and_stops_at_its_neighbours():
    # Distances from slices 0 and 6 are 0 1 2 3 2 1 0 1 2; from 2 as well 0 1 0 1 2 1 0.
    expected = [1, 1, 0, 1 / 3, 1, 1, 1, 1, 1]
    assert kept_share([0, 6], 2, goes_on=CERTAIN) == pytest.approx(expected)


def test_beyond_a_new_end_only_an_object_that_goes_on_can_be_wrong():
    goes_on = np.array([0.25, 0.5, 1, 1, 0.8, 0.4, 0.2])
    assert kept_share([2, 3], 5, goes_on=goes_on) == pytest.approx([1, 1, 1, 1, 1, 0, 0.4 * 1 / 3])
    assert kept_share([2, 3], 1, goes_on=goes_on) == pytest.approx([0.5 * 1 / 2, 0, 1, 1, 1, 1, 1])


def test_the_loss_of_a_slice_goes_and_of_its_neighbours_what_comes_closer():
    loss = np.array([0, 3, 4, 0, 5.0])
    # Slices 1 and 2 are next to annotated ones already: only their own loss goes.
    assert loss_left(loss, [0, 3], goes_on=CERTAIN[:5]).tolist() == [12, 9, 8, 12, 7]
    # 1: 4 / 2 + 5 * 3 / 4; 2: 3 + 5 / 2; 3: 3 + 4 / 2 + 5 / 4; 4: 3 + 4
    assert loss_left(loss, [0], goes_on=CERTAIN[:5]).tolist() == pytest.approx([12, 5.75, 5.5, 6.25, 7])


def test_the_slice_where_passes_disagree_is_suggested_first():
    advice = advise(LABELS, annotated=[0, 8], evidence=log_of(s2=1.0, s3=1.0, s6=20.0))
    assert advice.suggestions[0].index == 6
    assert advice.suggestions[0].reason.startswith("object 7: ")


def test_evidence_that_grows_with_distance_makes_the_middle_of_the_longest_gap_best():
    everywhere = {f"s{index}": float(min(index, 8 - index) ** 2) for index in range(9)}
    advice = advise(LABELS, annotated=[0, 8], evidence=log_of(**everywhere))
    assert advice.suggestions[0].index == 4
    sides = [item.index < 4 for item in advice.suggestions[1:3]]
    assert sides == [True, False], "each as if those before it were annotated"


def test_a_known_extent_makes_the_first_slice_beyond_it_best():
    everywhere = {f"s{index}": 1.0 for index in range(9)}
    told = advise(LABELS, annotated=[2], evidence=log_of(**everywhere), extents={7: (0, 4)})
    assert told.suggestions[0].index == 5, "slices 5 to 8 are all wrong, and one annotation tells"
    blind = advise(LABELS, annotated=[2], evidence=log_of(**everywhere))
    assert blind.predicted_dice[7] > told.predicted_dice[7]


def test_small_objects_count_as_much_as_large_ones():
    labels = np.zeros((5, 20, 20), np.uint16)
    labels[:, :10] = 1  # 200 px
    labels[:, 19, :5] = 2  # 5 px
    log = EvidenceLog()
    for label, index, amount in ((1, 1, 20.0), (2, 3, 4.0)):
        log(SliceEvidence(index=index, label=label, entropy_px=amount, disagreement_px=amount))
    advice = advise(labels, annotated=[0, 2, 4], evidence=log)
    assert advice.suggestions[0].index == 3
    assert advice.suggestions[0].reason.startswith("object 2")
    assert advice.predicted_dice[2] < advice.predicted_dice[1] < 1


@pytest.mark.parametrize("seed", range(40))
def test_suggested_slices_are_new_and_different_and_gains_never_rise(seed):
    labels, annotated, log = random_case(seed)
    if not (labels[annotated] > 0).any():
        pytest.skip("no object")
    advice = advise(labels, annotated=annotated, evidence=log, most=len(labels))
    chosen = [item.index for item in advice.suggestions]
    assert sorted([*chosen, *annotated]) == list(range(len(labels)))
    gains = [item.gain for item in advice.suggestions]
    assert all(gain >= 0 for gain in gains)
    assert gains == pytest.approx(sorted(gains, reverse=True))


def test_annotated_slices_are_not_suggested_even_where_nothing_speaks_against_any():
    advice = advise(LABELS, annotated=[0, 8], evidence=EvidenceLog(), most=9)
    assert [item.index for item in advice.suggestions] == [1, 2, 3, 4, 5, 6, 7]
    assert {item.gain for item in advice.suggestions} == {0.0}
    assert advice.suggestions[0].reason == "object 7: nothing speaks against it here"


@pytest.mark.parametrize("seed", range(10))
def test_ranks_are_stable_however_much_is_asked_and_in_what_order_it_is_told(seed):
    labels, annotated, log = random_case(seed)
    if not (labels[annotated] > 0).any():
        pytest.skip("no object")
    everything = advise(labels, annotated=annotated, evidence=log, most=len(labels)).suggestions
    assert advise(labels, annotated=annotated[::-1], evidence=log, most=2).suggestions == everything[:2]


@pytest.mark.parametrize("seed", range(20))
def test_predictions_lie_between_0_and_1(seed):
    labels, annotated, log = random_case(seed)
    if not (labels[annotated] > 0).any():
        pytest.skip("no object")
    advice = advise(labels, annotated=annotated, evidence=log, step_px=3.0)
    per_slice = [value for item in advice.suggestions for value in item.predicted_dice.values()]
    assert all(0 <= value <= 1 for value in [*advice.predicted_dice.values(), *per_slice])


def test_a_volume_that_is_all_annotated_is_perfect_and_has_no_suggestion():
    advice = advise(LABELS, annotated=range(9), evidence=log_of(s3=5.0))
    assert advice.suggestions == ()
    assert advice.predicted_dice == {7: 1.0}
    assert advice.is_enough(1.0)


def test_it_is_enough_when_the_worst_object_is():
    advice = Advice(predicted_dice={1: 0.95, 2: 0.9}, suggestions=())
    assert advice.least_dice == 0.9
    assert [advice.is_enough(target) for target in (0.8, 0.9, 0.91, 0.95, 1.0)] == [
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("target", [0, -0.1, 1.1])
def test_a_target_that_no_dice_can_be_is_refused(target):
    with pytest.raises(ConfigError, match="target Dice is"):
        Advice(predicted_dice={1: 0.95}, suggestions=()).is_enough(target)


@pytest.mark.parametrize("annotated", [[], [-1], [9]])
def test_annotated_slices_must_be_in_the_volume(annotated):
    with pytest.raises(PropagationError, match="expected at least one, from 0 to 8"):
        advise(LABELS, annotated=annotated, evidence=EvidenceLog())


def test_annotated_slices_must_hold_an_object():
    with pytest.raises(PropagationError, match="hold no object"):
        advise(np.zeros((3, 4, 5), np.uint16), annotated=[1], evidence=EvidenceLog())


def test_a_negative_number_of_suggestions_is_refused():
    with pytest.raises(ConfigError, match="number of suggestions is -1"):
        advise(LABELS, annotated=[0], evidence=EvidenceLog(), most=-1)
