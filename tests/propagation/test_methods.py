"""Tests for isegformer.propagation.methods."""

import numpy as np
import pytest

from isegformer.errors import PropagationError
from isegformer.propagation import (
    PROPAGATION_METHODS,
    ArraySlices,
    PropagatorConfig,
    ShapeInterpolation,
    StcnPropagation,
)


def slices(n_slices=9):
    return ArraySlices(np.full((n_slices, 32, 48), 0.9, np.float32))


def square(side, label=4):
    labels = np.zeros((32, 48), np.uint16)
    labels[16 - side : 16 + side, 24 - side : 24 + side] = label
    return labels


def test_methods_are_built_by_name(tiny_stcn, noisy_stack, two_boxes):
    assert list(PROPAGATION_METHODS) == ["combined", "stcn", "interpolate"]
    built = PROPAGATION_METHODS["stcn"](lambda: tiny_stcn)
    stack = ArraySlices(noisy_stack)
    expected = StcnPropagation(tiny_stcn).propagate(stack, {4: two_boxes})
    assert np.array_equal(built.propagate(stack, {4: two_boxes}), expected)


def test_interpolation_is_built_without_a_network():
    def load():
        raise AssertionError("no network is needed")

    assert isinstance(PROPAGATION_METHODS["interpolate"](load), ShapeInterpolation)


def test_interpolation_fills_between_annotated_slices_only():
    drawn = {6: square(8), 2: square(4), 3: square(4)}
    result = ShapeInterpolation().propagate(slices(), drawn)
    assert result.shape == (9, 32, 48)
    assert result.dtype == np.uint16
    for index, labels in drawn.items():
        assert np.array_equal(result[index], labels)
    assert not result[[0, 1, 7, 8]].any()
    areas = (result > 0).sum(axis=(1, 2))
    assert areas[3] < areas[4] < areas[5] < areas[6]


def test_interpolation_tells_each_slice_as_soon_as_it_is_known():
    told = {}
    result = ShapeInterpolation().propagate(
        slices(), {1: square(8), 4: square(4)}, on_slice=lambda index, labels: told.update({index: labels})
    )
    assert sorted(told) == [2, 3]
    assert all(np.array_equal(told[index], result[index]) for index in told)


@pytest.mark.parametrize("name", ["combined", "stcn"])
def test_networks_tell_each_slice_as_soon_as_it_is_predicted(tiny_stcn, noisy_stack, two_boxes, name):
    told, order = {}, []

    def keep(index, labels):
        told[index] = labels
        order.append("slice")

    method = PROPAGATION_METHODS[name](lambda: tiny_stcn)
    result = method.propagate(
        ArraySlices(noisy_stack),
        {4: two_boxes},
        on_slice=keep,
        on_progress=lambda done, total: order.append("progress"),
    )
    assert sorted(told) == [index for index in range(len(noisy_stack)) if index != 4]
    assert all(np.array_equal(told[index], result[index]) for index in told)
    assert order == ["slice", "progress"] * len(told)


def test_interpolation_tells_progress_and_can_be_cancelled():
    calls = []
    drawn = {0: square(8), 8: square(8)}
    result = ShapeInterpolation().propagate(
        slices(), drawn, on_progress=lambda *call: calls.append(call), is_cancelled=lambda: len(calls) == 3
    )
    assert calls == [(1, 7), (2, 7), (3, 7)]
    assert np.flatnonzero(result.any(axis=(1, 2))).tolist() == [0, 1, 2, 3, 8]


def test_interpolation_from_one_slice_is_that_slice():
    result = ShapeInterpolation().propagate(slices(), {4: square(8)})
    assert np.flatnonzero(result.any(axis=(1, 2))).tolist() == [4]


def test_interpolation_without_annotations_is_refused():
    with pytest.raises(PropagationError, match="no annotated slices"):
        ShapeInterpolation().propagate(slices(), {})


def test_stcn_method_is_one_round_with_all_annotations(tiny_stcn, noisy_stack, two_boxes):
    method = StcnPropagation(tiny_stcn, config=PropagatorConfig())
    drawn, calls = {1: two_boxes, 8: two_boxes}, []
    result = method.propagate(ArraySlices(noisy_stack), drawn, on_progress=lambda *call: calls.append(call))
    with method.start(ArraySlices(noisy_stack)) as propagator:
        propagator.run_round(drawn)
        assert np.array_equal(result, propagator.all_labels())
    assert calls[-1] == (15, 15)


def test_cancelled_stcn_method_returns_what_is_done(tiny_stcn, noisy_stack, two_boxes):
    method = StcnPropagation(tiny_stcn)
    result = method.propagate(ArraySlices(noisy_stack), {3: two_boxes}, is_cancelled=lambda: True)
    assert np.array_equal(result[3], two_boxes)
    assert np.count_nonzero(result) == np.count_nonzero(two_boxes)
