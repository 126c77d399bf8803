"""Tests for isegformer.propagation.combined and finishing: the engine's promises with annotated shapes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from isegformer.models.fusion import FusionNetwork
from isegformer.propagation import (
    PROPAGATION_METHODS,
    ArraySlices,
    NetworkAlone,
    Propagator,
    PropagatorConfig,
    ShapeInterpolation,
    ShapesAndNetwork,
    StcnPropagation,
)
from isegformer.propagation.combined import _highest, log_odds_against_rivals


@pytest.fixture
def drawn(two_boxes):
    """Return annotations of two objects on slices 1, 5 and 9; one of them ends before slice 9."""
    last = two_boxes[::-1].copy()
    last[last == 3] = 0
    return {1: two_boxes, 5: two_boxes[:, ::-1].copy(), 9: last}


@pytest.fixture(params=[True, False], ids=["with fusion network", "without"])
def start(request, tiny_stcn, noisy_stack):
    """Return a function that starts a propagator of the combined method on random slices."""
    torch.manual_seed(0)
    fusion = FusionNetwork(4).eval() if request.param else None

    def make(**change):
        config = replace(PropagatorConfig(min_side_px=48, stop=None), **change)
        return Propagator(
            tiny_stcn, ArraySlices(noisy_stack), fusion=fusion, config=config, finish=ShapesAndNetwork
        )

    return make


def square(side, label=4):
    labels = np.zeros((32, 48), np.uint16)
    labels[16 - side : 16 + side, 24 - side : 24 + side] = label
    return labels


def sure(mask, *, probability=0.999):
    """Return the probability (1, H, W) of a network that sees `mask`."""
    return torch.from_numpy(np.where(mask, probability, 1 - probability).astype(np.float32))[None]


def test_log_odds_are_those_against_the_strongest_rival():
    probability = np.array([[[0.75]], [[0.05]]], np.float32)  # the background has 0.2
    log_odds = log_odds_against_rivals(probability)
    assert log_odds[:, 0, 0] == pytest.approx([np.log(0.75 / 0.2), np.log(0.05 / 0.75)], rel=1e-5)


def test_log_odds_are_finite_where_the_network_is_certain():
    assert np.isfinite(log_odds_against_rivals(np.array([[[1.0, 0.0]]], np.float32))).all()


@pytest.mark.parametrize("n_objects", [1, 2, 4])
def test_log_odds_are_those_of_sorted_probabilities(n_objects):
    rng = np.random.default_rng(0)
    probability = np.round(rng.dirichlet(np.ones(n_objects + 1), (5, 6)), 1).astype("f4")[
        ..., 1:
    ]  # with ties
    probability = np.moveaxis(probability, -1, 0)
    background = np.maximum(1 - probability.sum(0, keepdims=True), 0)
    logs = np.log(np.maximum(np.concatenate([background, probability]), 1e-6))
    second, first = np.sort(logs, axis=0)[-2:]
    expected = logs[1:] - np.where(logs[1:] < first, first, second)
    assert np.array_equal(log_odds_against_rivals(probability), expected)


def test_highest_score_wins_the_first_of_equals_and_none_at_zero_or_below():
    scores = np.array([[[2.0, 1.0, 0.0, -np.inf]], [[3.0, 1.0, -1.0, 0.5]]], "f4")
    labels = _highest(scores, [4, 7])
    assert labels.dtype == np.uint16
    assert labels.tolist() == [[7, 4, 0, 7]]


def test_network_that_does_not_know_leaves_the_interpolated_shape_between_slices():
    half = torch.full((1, 32, 48), 0.5)
    labels = ShapesAndNetwork({0: square(4), 8: square(4)}).labels(3, half, objects=[4])
    assert np.array_equal(labels, square(4))


def test_network_cannot_move_a_border_far_from_where_shapes_put_it():
    finisher = ShapesAndNetwork({0: square(6), 8: square(8)})
    everywhere = finisher.labels(4, sure(np.ones((32, 48), bool)), objects=[4])
    nowhere = finisher.labels(4, sure(np.zeros((32, 48), bool)), objects=[4])
    assert (everywhere[square(7) == 4] == 4).all()
    assert not everywhere[square(11) == 0].any()
    assert (nowhere[square(5) == 4] == 4).all()
    assert everywhere.sum() > nowhere.sum()


def test_next_to_an_annotated_slice_the_network_moves_less_than_half_way():
    finisher = ShapesAndNetwork({0: square(3), 20: square(12)})
    moved = [finisher.labels(index, sure(np.ones((32, 48), bool)), objects=[4]) for index in (1, 10)]
    plain = ShapeInterpolation().propagate(
        ArraySlices(np.zeros((21, 32, 48), np.float32)), {0: square(3), 20: square(12)}
    )
    extra = [
        np.count_nonzero(labels) - np.count_nonzero(plain[at])
        for labels, at in zip(moved, (1, 10), strict=True)
    ]
    assert 0 <= extra[0] < extra[1]


@pytest.mark.parametrize("indices", [[6], [4, 6]])
def test_beyond_one_or_two_slices_only_the_network_speaks(indices):
    rng = np.random.default_rng(0)
    probability = torch.from_numpy(
        rng.dirichlet([1, 1, 1], (32, 48)).astype(np.float32)[..., :2].transpose(2, 0, 1)
    )
    annotations = {index: square(8) for index in indices}
    expected = NetworkAlone(annotations).labels(9, probability, objects=[4, 7])
    assert {0, 4, 7} == set(np.unique(expected))
    assert np.array_equal(ShapesAndNetwork(annotations).labels(9, probability, objects=[4, 7]), expected)


def test_beyond_many_slices_a_sure_network_is_believed_for_some_slices_and_never_for_all():
    finisher = ShapesAndNetwork({index: square(8) for index in range(0, 50, 10)})
    everywhere = sure(square(8) == 4)
    areas = [np.count_nonzero(finisher.labels(index, everywhere, objects=[4])) for index in range(41, 51)]
    assert areas[0] > areas[1] > areas[2] > 0
    assert areas[-1] == 0


def test_object_that_the_outermost_slice_lacks_is_the_networks_alone():
    finisher = ShapesAndNetwork({0: square(8), 2: square(8), 4: square(8), 6: square(8, label=9)})
    seen = sure(square(8) == 4)
    assert np.array_equal(finisher.labels(9, seen, objects=[4]), square(8))


def test_object_that_is_absent_at_both_ends_is_absent_between():
    finisher = ShapesAndNetwork({0: square(8), 2: square(4), 6: square(4)})
    probability = torch.cat([sure(square(3) == 4) / 2, sure(square(8) == 4) / 2])
    assert set(np.unique(finisher.labels(4, probability, objects=[4, 9]))) == {0, 4}


def test_objects_never_overlap_and_the_nearer_one_wins():
    left, right = np.zeros((2, 32, 48), np.uint16)
    left[8:24, 4:20], right[8:24, 20:44] = 3, 8
    both = left + right
    finisher = ShapesAndNetwork({0: both, 10: both})
    undecided = torch.full((2, 32, 48), 1 / 3)
    assert np.array_equal(finisher.labels(5, undecided, objects=[3, 8]), both)


def test_combined_is_the_first_method_and_differs_from_both_of_its_parts(tiny_stcn, noisy_stack, drawn):
    assert next(iter(PROPAGATION_METHODS)) == "combined"
    results = [
        PROPAGATION_METHODS[name](lambda: tiny_stcn).propagate(ArraySlices(noisy_stack), drawn)
        for name in ("combined", "stcn", "interpolate")
    ]
    assert not np.array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])


def test_annotated_slices_never_change(start):
    rng = np.random.default_rng(1)
    rounds = {index: rng.integers(0, 3, (35, 51), dtype=np.uint16) * 21845 for index in (2, 6, 9)}
    with start() as propagator:
        propagator.run_round({2: rounds[2], 6: rounds[6]})
        propagator.run_round({9: rounds[9]})
        for index, labels in rounds.items():
            assert np.array_equal(propagator.labels(index), labels)


def test_second_round_changes_only_slices_between_its_neighbours(start, drawn, two_boxes):
    with start() as propagator:
        propagator.run_round(drawn)
        before = propagator.all_labels()
        propagator.run_round({7: two_boxes})  # a fourth slice, which says more about the ends
        changed = (before != propagator.all_labels()).any(axis=(1, 2))
    assert np.flatnonzero(changed).tolist() == [6, 7, 8]


def test_order_of_annotations_does_not_matter(start, drawn):
    with start() as one, start() as other:
        one.run_round(drawn)
        other.run_round(dict(reversed(drawn.items())))
        assert np.array_equal(one.all_labels(), other.all_labels())
        assert len(np.unique(one.labels(3))) > 1


@pytest.mark.parametrize(
    "change", [{"store_bytes": 0}, {"key_cache_bytes": 0}, {"block_bytes": 1}, {"objects_at_once": 1}]
)
def test_budgets_do_not_change_the_result(start, drawn, change):
    with start() as roomy, start(**change) as tight:
        for propagator in (roomy, tight):
            propagator.run_round(drawn)
        assert (roomy.all_labels() != tight.all_labels()).mean() < 1e-4  # other sums may turn a tie


@pytest.mark.parametrize("allowed", range(6))
def test_cancelled_round_keeps_each_slice_either_old_or_finished(start, drawn, two_boxes, allowed):
    asked, new = iter(range(100)), {7: two_boxes}
    with start() as whole, start() as cut:
        whole.run_round(drawn)
        cut.run_round({1: drawn[1], 9: drawn[9]})
        old = cut.all_labels()
        report = cut.run_round({5: drawn[5], **new}, is_cancelled=lambda: next(asked) >= allowed)
        now = cut.all_labels()
    changed = set(np.flatnonzero((old != now).any(axis=(1, 2))).tolist())
    assert changed <= {*report.touched, 5, 7}
    assert report.done == allowed


def test_shapes_are_measured_once_for_each_gap(monkeypatch, drawn):
    calls = []

    def counted(first, second):
        calls.append((first, second))

    monkeypatch.setattr("isegformer.propagation.combined.shape_gap", counted)
    finisher = ShapesAndNetwork(drawn)
    for index in (2, 3, 4, 6, 7, 8):
        finisher.labels(index, torch.zeros(2, 35, 51), objects=[3, 700])
    assert len(calls) == 4


def test_finisher_is_given_all_annotations_so_far_and_predicted_slices_only(
    tiny_stcn, noisy_stack, two_boxes
):
    made, asked = [], []

    class Spy(NetworkAlone):
        def __init__(self, annotations):
            made.append(sorted(annotations))

        def labels(self, index, probability, *, objects):
            asked.append((index, tuple(probability.shape), list(objects)))
            return super().labels(index, probability, objects=objects)

    method = StcnPropagation(tiny_stcn, finish=Spy)
    with method.start(ArraySlices(noisy_stack)) as propagator:
        propagator.run_round({2: two_boxes})
        propagator.run_round({6: two_boxes})
        propagator.all_labels()
    assert made == [[2], [2, 6]]
    assert [index for index, _, _ in asked] == [0, 1, 3, 4, 5, 7, 8, 9, 10]
    assert all(shape == (2, 35, 51) and objects == [3, 700] for _, shape, objects in asked)
