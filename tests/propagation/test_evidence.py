"""Tests for isegformer.propagation.evidence: what a round saw, and that looking changes nothing."""

import numpy as np
import pytest
import torch

from isegformer.propagation import (
    ArraySlices,
    EarlierLabels,
    EvidenceLog,
    NetworkAlone,
    ShapeInterpolation,
    ShapesAndNetwork,
    SliceEvidence,
    StcnPropagation,
)
from isegformer.propagation.evidence import RoundWatch, binary_entropy_bits


def test_evidence_counts_undecided_and_moved_pixels():
    probability = np.array([[[0.5, 1.0, 0.5]], [[0.0, 0.0, 0.5]]], np.float32)  # two objects, one row
    stored = np.array([[[0.5, 0.25, 0.5]], [[0.0, 0.5, 0.5]]], np.float32)
    watch = RoundWatch()
    watch.meet(4, new=probability, stored=stored)

    first, second = watch.evidence(4, probability=probability, objects=[3, 7])

    assert first == SliceEvidence(index=4, label=3, entropy_px=2.0, disagreement_px=0.75)
    assert second == SliceEvidence(index=4, label=7, entropy_px=1.0, disagreement_px=0.5)


def test_where_no_result_was_stored_nothing_can_disagree():
    (seen,) = RoundWatch().evidence(4, probability=np.ones((1, 2, 3), np.float32), objects=[5])
    assert seen == SliceEvidence(index=4, label=5, entropy_px=0.0, disagreement_px=None)


def test_entropy_is_one_bit_at_even_odds_and_none_at_certainty():
    bits = binary_entropy_bits(np.array([0.0, 0.5, 1.0, 0.25], np.float32))
    assert bits.dtype == np.float32
    assert bits == pytest.approx([0, 1, 0, 0.8112781])


@pytest.fixture(params=[NetworkAlone, ShapesAndNetwork])
def method(request, tiny_stcn, plain_config):
    return StcnPropagation(tiny_stcn, config=plain_config, finish=request.param)


def test_asking_for_evidence_leaves_the_result_as_it_is(method, noisy_stack, two_boxes):
    drawn = {2: two_boxes, 8: two_boxes[::-1].copy()}
    slices = ArraySlices(noisy_stack)
    log = EvidenceLog()
    assert np.array_equal(method.propagate(slices, drawn), method.propagate(slices, drawn, on_evidence=log))
    assert set(log.of(3)) == set(log.of(700)) == set(range(11)) - {2, 8}


def test_passes_meet_between_slices_of_a_round_and_not_beyond_them(method, noisy_stack, two_boxes):
    log = EvidenceLog()
    drawn = {2: two_boxes, 8: two_boxes[::-1].copy()}
    method.propagate(ArraySlices(noisy_stack), drawn, on_evidence=log)
    met = {index for index, seen in log.of(3).items() if seen.disagreement_px is not None}
    assert met == {3, 4, 5, 6, 7}
    assert all(log.of(3)[index].disagreement_px > 0 for index in met)


def test_a_later_round_disagrees_with_what_was_stored(method, noisy_stack, two_boxes):
    first = {2: two_boxes}
    slices = ArraySlices(noisy_stack)
    before = method.propagate(slices, first)
    log = EvidenceLog()
    method.propagate(
        slices,
        {**first, 8: np.zeros_like(two_boxes)},
        earlier=EarlierLabels(annotations=first, labels=before),
        on_evidence=log,
    )
    assert set(log.of(3)) == set(range(3, 11)) - {8}, "slices that the round did not touch are not told of"
    assert all(seen.disagreement_px is not None for seen in log.of(3).values())


def test_evidence_is_measured_on_the_pixels_of_the_slice(blind_network, two_boxes):
    """The working grid is padded to 48 x 64 px; entropy of 0.88 outside the slice does not count."""
    log = EvidenceLog()
    stack = np.zeros((3, 35, 51), np.float32)
    full = np.full((35, 51), 9, np.uint16)
    StcnPropagation(blind_network).propagate(ArraySlices(stack), {0: full}, on_evidence=log)
    assert 0 < log.of(9)[1].entropy_px <= 35 * 51


def test_methods_without_a_network_saw_nothing(two_boxes, noisy_stack):
    log = EvidenceLog()
    ShapeInterpolation().propagate(ArraySlices(noisy_stack), {0: two_boxes, 9: two_boxes}, on_evidence=log)
    assert log.of(3) == {}


def test_the_newest_evidence_counts():
    log = EvidenceLog()
    old = SliceEvidence(index=4, label=3, entropy_px=1.0, disagreement_px=None)
    new = SliceEvidence(index=4, label=3, entropy_px=2.0, disagreement_px=1.0)
    log(old)
    log(new)
    assert log.of(3) == {4: new}


@pytest.fixture(autouse=True)
def _one_seed():
    torch.manual_seed(0)
