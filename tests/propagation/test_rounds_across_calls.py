"""Tests for isegformer.propagation.earlier: rounds that go on from a result, without a live propagator."""

import tracemalloc

import numpy as np
import pytest
import torch

from isegformer.errors import PropagationError, ShapeMismatchError
from isegformer.models.fusion import FusionNetwork
from isegformer.propagation import (
    ArraySlices,
    EarlierLabels,
    Propagator,
    PropagatorConfig,
    ShapeInterpolation,
    ShapesAndNetwork,
    StcnPropagation,
    propagate_volume,
)
from isegformer.volume.geometry import Geometry
from isegformer.volume.intensity import Window
from isegformer.volume.volume import Volume

SMALL = PropagatorConfig(min_side_px=48)
"""Slices of 35 x 51 are enlarged, so that the way to the working grid and back is not exact."""

METHODS = {
    "without fusion network": lambda network: StcnPropagation(network, config=SMALL),
    "with shapes": lambda network: StcnPropagation(network, config=SMALL, finish=ShapesAndNetwork),
    "with": lambda network: StcnPropagation(network, FusionNetwork(4).eval(), config=SMALL),
}


@pytest.fixture(params=METHODS)
def method(request, tiny_stcn):
    torch.manual_seed(0)
    return METHODS[request.param](tiny_stcn)


@pytest.fixture
def across_axis(noisy_stack, method):
    """Return a function that propagates the stack, laid along `axis` of a volume; labels (T, H, W)."""

    def propagate(annotations, earlier=None, *, axis=0, method=method, **callbacks):
        voxels = np.ascontiguousarray(np.moveaxis(noisy_stack, 0, axis))
        volume = Volume(voxels, Geometry(shape=voxels.shape, affine=np.diag([1.0, 2.0, 3.0, 1.0])))
        if earlier is not None:
            labels = np.ascontiguousarray(np.moveaxis(earlier.labels, 0, axis))
            earlier = EarlierLabels(annotations=earlier.annotations, labels=labels)
        result = propagate_volume(
            volume,
            annotations,
            axis=axis,
            method=method,
            window=Window(0.0, 1.0),
            earlier=earlier,
            **callbacks,
        )
        return np.moveaxis(result, axis, 0)

    return propagate


@pytest.fixture
def speckled(two_boxes):
    """Return an earlier result of slices 2 and 8 that no network would give: noise on all others."""
    labels = np.random.default_rng(2).choice(np.array([0, 3, 700], np.uint16), (11, 35, 51))
    annotations = {2: two_boxes, 8: two_boxes[::-1].copy()}
    for index, drawn in annotations.items():
        labels[index] = drawn
    return EarlierLabels(annotations=annotations, labels=labels)


def changed(result, earlier):
    """Return the indices of slices that differ."""
    return np.flatnonzero((result != earlier.labels).any(axis=(1, 2))).tolist()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_second_round_touches_only_slices_between_neighbours(across_axis, speckled, two_boxes, axis):
    new = two_boxes[:, ::-1].copy()
    result = across_axis({**speckled.annotations, 5: new}, speckled, axis=axis)
    assert changed(result, speckled) == [3, 4, 5, 6, 7]
    assert np.array_equal(result[5], new)


def test_beyond_the_outermost_annotation_a_new_one_replaces_the_rest(across_axis, speckled, two_boxes):
    result = across_axis({**speckled.annotations, 9: two_boxes}, speckled)
    assert changed(result, speckled) == [9, 10]


def test_nothing_new_changes_nothing(across_axis, speckled):
    calls = []
    result = across_axis(dict(speckled.annotations), speckled, on_progress=lambda *call: calls.append(call))
    assert np.array_equal(result, speckled.labels)
    assert not np.shares_memory(result, speckled.labels)
    assert not calls


def test_nothing_new_still_puts_annotations_in_place(across_axis, speckled):
    labels = speckled.labels.copy()
    labels[8] = 3
    result = across_axis(
        dict(speckled.annotations), EarlierLabels(annotations=speckled.annotations, labels=labels)
    )
    assert np.array_equal(result, speckled.labels)


def test_annotation_with_other_content_counts_as_new(across_axis, speckled):
    other = speckled.annotations[8].copy()
    other[0, 0] = 3
    result = across_axis({2: speckled.annotations[2], 8: other}, speckled)
    assert changed(result, speckled) == [3, 4, 5, 6, 7, 8, 9, 10]
    assert np.array_equal(result[8], other)


def test_removed_annotation_means_a_full_round(across_axis, speckled, two_boxes):
    now = {2: speckled.annotations[2], 5: two_boxes}
    assert np.array_equal(across_axis(now, speckled), across_axis(now))


def test_result_that_was_not_drawn_by_anybody_means_a_full_round(across_axis, speckled):
    undrawn = EarlierLabels(annotations={}, labels=speckled.labels)
    now = speckled.annotations
    assert np.array_equal(across_axis(now, undrawn), across_axis(now))


def test_order_of_annotations_does_not_matter(across_axis, speckled, two_boxes):
    now = {**speckled.annotations, 4: two_boxes, 6: two_boxes[:, ::-1].copy()}
    turned = EarlierLabels(
        annotations=dict(reversed(speckled.annotations.items())), labels=speckled.labels.copy()
    )
    first = across_axis(now, speckled)
    assert np.array_equal(first, across_axis(dict(reversed(now.items())), turned))
    assert changed(first, speckled) == [3, 4, 5, 6, 7]


def test_cancelled_round_keeps_the_earlier_result_of_slices_not_reached(across_axis, speckled, two_boxes):
    done = []
    result = across_axis(
        {**speckled.annotations, 5: two_boxes},
        speckled,
        on_progress=lambda *call: done.append(call),
        is_cancelled=lambda: len(done) == 1,
    )
    assert changed(result, speckled) == [5, 6]


def test_object_that_appears_later_is_absent_on_earlier_slices(across_axis, speckled, two_boxes):
    new = two_boxes.copy()
    new[20:30, 2:12] = 9
    result = across_axis({**speckled.annotations, 5: new}, speckled)
    touched = [3, 4, 6, 7]
    assert not (np.delete(result, [5, *touched], axis=0) == 9).any()
    assert np.array_equal(result[5], new)


def test_interpolation_does_not_need_earlier_rounds(across_axis, speckled, two_boxes):
    now = {**speckled.annotations, 5: two_boxes}
    interpolation = ShapeInterpolation()
    assert np.array_equal(
        across_axis(now, speckled, method=interpolation), across_axis(now, method=interpolation)
    )


def test_between_an_old_and_a_new_slice_the_earlier_result_counts_by_distance(blind_network):
    """Linear fusion of 0.88 or 0.12 with 1 and 0: the earlier result wins where its share is above 0.43."""
    left, right = np.zeros((2, 32, 48), np.uint16)
    left[:, :16] = right[:, 32:] = 1
    earlier = EarlierLabels(annotations={0: left}, labels=np.repeat(left[None], 11, axis=0))
    config = PropagatorConfig(min_side_px=None, stop=None, annotated_slices=1)
    method = StcnPropagation(blind_network, config=config)
    result = method.propagate(
        ArraySlices(np.zeros((11, 32, 48), np.float32)), {0: left, 10: right}, earlier=earlier
    )
    is_left = [bool(labels[:, :16].all()) for labels in result]
    assert is_left == [True] * 6 + [False] * 5
    assert np.array_equal(result[10], right)


def test_resumed_rounds_are_like_rounds_of_one_propagator_where_probabilities_are_certain(
    brightness_network,
):
    stack = np.full((20, 32, 48), 0.1, np.float32)
    stack[3:16, 8:24, 16:40] = 0.9
    truth = np.uint16(6) * (stack > 0.5)
    method = StcnPropagation(brightness_network, config=PropagatorConfig(min_side_px=None))
    drawn = {8: truth[8]}
    first = method.propagate(ArraySlices(stack), drawn)
    now = {**drawn, 12: np.zeros_like(truth[8])}
    second = method.propagate(ArraySlices(stack), now, earlier=EarlierLabels(annotations=drawn, labels=first))
    with method.start(ArraySlices(stack)) as propagator:
        propagator.run_round(drawn)
        propagator.run_round({12: now[12]})
        assert np.array_equal(second, propagator.all_labels())
    assert changed(second, EarlierLabels(annotations=drawn, labels=first))


def test_earlier_result_is_not_changed(across_axis, speckled, two_boxes):
    labels, annotations = speckled.labels.copy(), {k: v.copy() for k, v in speckled.annotations.items()}
    across_axis({**speckled.annotations, 5: two_boxes}, speckled)
    assert np.array_equal(speckled.labels, labels)
    assert all(np.array_equal(speckled.annotations[index], drawn) for index, drawn in annotations.items())


def test_resuming_takes_no_memory_for_slices_that_are_not_touched(brightness_network):
    config = PropagatorConfig(min_side_px=None, store_bytes=0, key_cache_bytes=10**5)
    drawn = np.zeros((64, 96), np.uint16)
    drawn[8:24, 16:40] = 1
    peaks = []
    for n_slices in (20, 400):
        labels = np.repeat(drawn[None], n_slices, axis=0)
        slices = ArraySlices(np.broadcast_to(np.float32(0.9), labels.shape))
        with Propagator(brightness_network, slices, config=config) as propagator:
            tracemalloc.start()
            propagator.resume(EarlierLabels(annotations={0: drawn, 9: drawn}, labels=labels))
            report = propagator.run_round({5: drawn})
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert report.touched == (1, 2, 3, 4, 6, 7, 8)
            assert propagator.store.bytes_in_memory == 0
            assert np.array_equal(propagator.labels(n_slices - 1), drawn)
    assert peaks[1] < peaks[0] + 10**5  # 380 slices more are 5 MB of labels, 9 MB of probabilities


def test_earlier_result_of_another_volume_is_refused(across_axis, speckled, two_boxes):
    now = {**speckled.annotations, 5: two_boxes}
    short = EarlierLabels(annotations=speckled.annotations, labels=speckled.labels[:9])
    with pytest.raises(ShapeMismatchError, match="earlier labels have shape"):
        across_axis(now, short)
    with pytest.raises(PropagationError, match="dtype float32, expected uint16"):
        EarlierLabels(annotations={}, labels=speckled.labels.astype(np.float32))
    with pytest.raises(ShapeMismatchError, match="three axes"):
        EarlierLabels(annotations={}, labels=speckled.labels[0])


def test_resuming_after_a_round_is_refused(tiny_stcn, noisy_stack, speckled):
    with Propagator(tiny_stcn, ArraySlices(noisy_stack), config=SMALL) as propagator:
        propagator.resume(speckled)
        assert np.array_equal(propagator.all_labels(), speckled.labels)
        with pytest.raises(PropagationError, match="expected a new propagator"):
            propagator.resume(speckled)
