"""Tests for isegformer.propagation.advising: a propagation for sessions that remembers what it saw."""

import numpy as np
import pytest

from isegformer.propagation import (
    AdvisingPropagation,
    EarlierLabels,
    EvidenceLog,
    ShapeInterpolation,
    StcnPropagation,
    advise,
    propagate_volume,
)
from isegformer.propagation.advising import step_px
from isegformer.volume.geometry import Geometry
from isegformer.volume.intensity import Window
from isegformer.volume.volume import Volume

WINDOW = Window(0.0, 1.0)


@pytest.fixture
def volume(noisy_stack):
    """Return a volume whose slices across axis 1 are the stack; they are 4 pixels apart."""
    voxels = np.ascontiguousarray(np.moveaxis(noisy_stack, 0, 1))
    return Volume(voxels, Geometry(shape=voxels.shape, affine=np.diag([1.0, 8.0, 4.0, 1.0])))


@pytest.fixture
def method(tiny_stcn, plain_config):
    return StcnPropagation(tiny_stcn, config=plain_config)


def test_the_result_is_that_of_the_method(volume, method, two_boxes):
    drawn = {2: two_boxes, 8: two_boxes[::-1].copy()}
    result = AdvisingPropagation(method)(volume, drawn, axis=1, window=WINDOW)
    expected = propagate_volume(volume, drawn, axis=1, method=method, window=WINDOW)
    assert np.array_equal(result, expected)


def test_advice_is_about_what_the_last_rounds_saw(volume, method, two_boxes):
    propagation = AdvisingPropagation(method)
    first = {2: two_boxes}
    labels = propagation(volume, first, axis=1, window=WINDOW)
    alone = dict(propagation.evidence(1).of(3))
    now = {**first, 8: two_boxes[::-1].copy()}
    earlier = EarlierLabels(annotations=first, labels=labels)
    labels = propagation(volume, now, axis=1, window=WINDOW, earlier=earlier)

    seen = propagation.evidence(1)
    assert seen.of(3)[0] == alone[0], "no pass of the second round came there"
    assert seen.of(3)[5] != alone[5]
    advice = propagation.advice(labels, axis=1, annotated=[2, 8], geometry=volume.geometry)
    expected = advise(np.moveaxis(labels, 1, 0), annotated=[2, 8], evidence=seen, step_px=4.0)
    assert advice == expected


def test_a_round_that_starts_over_forgets_what_was_seen(volume, method, two_boxes):
    propagation = AdvisingPropagation(method)
    propagation(volume, {2: two_boxes}, axis=1, window=WINDOW)
    only_one = np.where(two_boxes == 3, two_boxes, 0)
    propagation(volume, {2: only_one}, axis=1, window=WINDOW)
    assert propagation.evidence(1).of(700) == {}
    assert propagation.evidence(0).of(3) == {}


def test_a_round_that_was_cancelled_leaves_what_was_seen(volume, method, two_boxes):
    propagation = AdvisingPropagation(method)
    propagation(volume, {2: two_boxes}, axis=1, window=WINDOW)
    before = dict(propagation.evidence(1).of(3))
    propagation(volume, {4: two_boxes}, axis=1, window=WINDOW, is_cancelled=lambda: True)
    assert propagation.evidence(1).of(3) == before


def test_what_was_seen_can_be_given_to_another(volume, method, two_boxes):
    first, second = AdvisingPropagation(method), AdvisingPropagation(method)
    labels = first(volume, {2: two_boxes}, axis=1, window=WINDOW)
    second.recall(1, first.evidence(1).copy())
    asked = {"axis": 1, "annotated": [2], "geometry": volume.geometry}
    assert second.advice(labels, **asked) == first.advice(labels, **asked)
    assert second.evidence(1).of(3) == first.evidence(1).of(3) != {}


def test_without_evidence_shapes_and_distances_speak(volume, two_boxes):
    propagation = AdvisingPropagation(ShapeInterpolation())
    drawn = {0: two_boxes, 10: two_boxes[::-1].copy()}
    labels = propagation(volume, drawn, axis=1, window=WINDOW)
    advice = propagation.advice(labels, axis=1, annotated=[0, 10], geometry=volume.geometry, most=1)
    assert [item.index for item in advice.suggestions] == [5]
    stack = np.moveaxis(labels, 1, 0)
    assert advice == advise(stack, annotated=[0, 10], evidence=EvidenceLog(), step_px=4.0, most=1)


def test_slices_are_as_far_apart_as_the_grid_says():
    geometry = Geometry(shape=(3, 4, 5), affine=np.diag([1.0, -6.0, 4.0, 1.0]))
    assert step_px(geometry, axis=1) == pytest.approx(6 / 2)
    assert step_px(geometry, axis=0) == pytest.approx(1 / np.sqrt(24))
