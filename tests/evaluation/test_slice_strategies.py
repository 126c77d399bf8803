"""Tests for isegformer.evaluation.slice_strategies: which slice each of them takes."""

import numpy as np
import pytest

from isegformer.evaluation.slice_strategies import STRATEGIES, Situation
from isegformer.propagation import Advice, SliceSuggestion

NOTHING = Advice(predicted_dice={1: 0.5}, suggestions=())


def goal(*areas):
    """Return labels (T, 3, 4) with the given numbers of pixels of object 1 on each slice."""
    labels = np.zeros((len(areas), 12), np.uint16)
    for index, area in enumerate(areas):
        labels[index, :area] = 1
    return labels.reshape(len(areas), 3, 4)


def situation(truth, *, annotated, labels=None, advise=lambda extents: NOTHING, seed=0):
    return Situation(
        labels=truth if labels is None else labels,
        goal=truth,
        annotated=annotated,
        advise=advise,
        rng=np.random.default_rng(seed),
    )


def suggesting(index):
    item = SliceSuggestion(index=index, gain=0.1, predicted_dice={1: 0.5}, reason="object 1: no reason")
    return Advice(predicted_dice={1: 0.5}, suggestions=(item,))


def test_suggested_slices_are_asked_for_without_any_truth():
    asked = []

    def advise(extents):
        asked.append(extents)
        return suggesting(4)

    assert STRATEGIES["suggested"](situation(goal(0, 1, 1, 1, 0), annotated=(2,), advise=advise)) == 4
    assert asked == [{}]


def test_suggested_slices_in_extent_are_asked_for_with_the_extent_of_every_object():
    truth = goal(0, 3, 3, 0, 0, 0)
    truth[3:5, 2] = 7
    asked = []

    def advise(extents):
        asked.append(extents)
        return suggesting(3)

    assert STRATEGIES["suggested-in-extent"](situation(truth, annotated=(2,), advise=advise)) == 3
    assert asked == [{1: (1, 2), 7: (3, 4)}]


def test_without_suggestions_there_is_no_next_slice():
    assert STRATEGIES["suggested"](situation(goal(1, 1), annotated=(0, 1))) is None


def test_worst_is_the_slice_with_most_wrong_pixels():
    truth = goal(0, 4, 4, 4, 0)
    labels = goal(3, 4, 2, 0, 2)
    assert STRATEGIES["worst"](situation(truth, annotated=(1,), labels=labels)) == 3
    assert STRATEGIES["worst"](situation(truth, annotated=(1, 3), labels=labels)) == 0
    assert STRATEGIES["worst"](situation(truth, annotated=(1,), labels=truth)) is None


def test_even_slices_halve_and_then_quarter_the_extent():
    truth = goal(0, 0, *([5] * 7), 0, 0)  # slices 2 to 8, ends at 1 and 9
    taken = [5]
    while (index := STRATEGIES["even"](situation(truth, annotated=tuple(sorted(taken))))) is not None:
        taken.append(index)
    assert taken == [5, 3, 7, 2, 4, 6, 8, 1, 9]


def test_random_slices_lie_in_the_extent_or_next_to_it_and_are_all_taken_in_the_end():
    truth = goal(0, 0, 0, 2, 2, 2, 0, 0)
    taken = [4]
    while (index := STRATEGIES["random"](situation(truth, annotated=tuple(sorted(taken))))) is not None:
        taken.append(index)
    assert sorted(taken) == [2, 3, 4, 5, 6]


def test_random_slices_depend_on_the_seed_alone():
    truth = goal(*([2] * 12))
    first = [STRATEGIES["random"](situation(truth, annotated=(4,), seed=seed)) for seed in range(20)]
    again = [STRATEGIES["random"](situation(truth, annotated=(4,), seed=seed)) for seed in range(20)]
    assert first == again
    assert len(set(first)) > 5


@pytest.mark.parametrize("name", ["even", "random"])
def test_objects_that_fill_the_volume_have_no_slice_beyond_their_ends(name):
    truth = goal(1, 1, 1)
    assert STRATEGIES[name](situation(truth, annotated=(0, 1))) == 2
    assert STRATEGIES[name](situation(truth, annotated=(0, 1, 2))) is None
