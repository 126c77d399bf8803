import tracemalloc
import zlib
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from isegformer.errors import JournalError
from isegformer.session.label_delta import (
    Box,
    changed_slices,
    delta_from_bytes,
    delta_of_slices,
    no_change,
    reordered,
    slice_delta,
    volume_delta,
)
from isegformer.slicing import Plane, slice_view

SHAPE = (3, 4, 5)
label_maps = arrays(np.uint16, SHAPE, elements=st.sampled_from([0, 1, 2, 65535])).map(np.asfortranarray)


def test_neighbouring_voxels_with_the_same_change_are_one_run():
    before = np.array([0, 0, 0, 1, 1, 2], np.uint16).reshape(6, 1, 1)
    after = np.array([3, 3, 0, 3, 3, 3], np.uint16).reshape(6, 1, 1)
    delta = volume_delta(before, after)
    assert delta.starts.tolist() == [0, 3, 5]
    assert delta.lengths.tolist() == [2, 2, 1]
    assert delta.before.tolist() == [0, 1, 2]
    assert delta.after.tolist() == [3, 3, 3]
    (block,) = delta.blocks()
    assert block.positions.tolist() == [0, 1, 3, 4, 5]
    assert block.before.tolist() == [0, 0, 1, 1, 2]
    assert block.after.tolist() == [3] * 5


@given(before=label_maps, after=label_maps)
def test_a_delta_goes_forward_and_back_also_after_writing_it(before, after):
    delta = delta_from_bytes(volume_delta(before, after).to_bytes())
    labels = before.copy(order="F")
    delta.forward(labels)
    np.testing.assert_array_equal(labels, after)
    delta.backward(labels)
    np.testing.assert_array_equal(labels, before)


@settings(max_examples=30)
@given(before=label_maps, after=label_maps, axis=st.integers(0, 2))
def test_the_delta_of_a_slice_changes_that_slice_of_the_volume_only(before, after, axis):
    plane = Plane(axis=axis, index=1)
    expected = before.copy()
    slice_view(expected, plane)[...] = slice_view(after, plane)
    delta = slice_delta(slice_view(before, plane), slice_view(after, plane), plane=plane, shape=SHAPE)
    labels = before.copy(order="F")
    delta.forward(labels)
    np.testing.assert_array_equal(labels, expected)


@pytest.mark.parametrize("block_voxels", [1, 7, 60])
@given(before=label_maps, after=label_maps)
def test_the_size_of_blocks_changes_nothing(block_voxels, before, after):
    def outcome():
        delta = volume_delta(before, after)
        labels = before.copy(order="F")
        delta.forward(labels)
        return delta.to_bytes(), delta.box(SHAPE), set(changed_slices(delta, SHAPE)), labels.tobytes()

    expected = outcome()
    with mock.patch("isegformer.session.label_delta.BLOCK_VOXELS", block_voxels):
        assert outcome() == expected


def test_a_change_of_the_whole_map_needs_less_memory_than_four_maps():
    shape = (144, 144, 144)
    before = np.zeros(shape, np.uint16, order="F")
    after = np.ones(shape, np.uint16, order="F")
    after[20:90, 30:70, 40:90] = 2
    tracemalloc.start()
    try:
        delta = volume_delta(before, after)
        assert delta_from_bytes(delta.to_bytes()).is_same(delta)
        assert delta.box(shape) == Box(start=(0, 0, 0), stop=shape)
        assert len(list(changed_slices(delta, shape))) == 3 * 144 + 70 + 40 + 50
        delta.forward(before)
        delta.backward(before)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert not before.any()
    assert peak_bytes < 4 * after.nbytes


def test_no_change_changes_nothing_and_has_no_box():
    labels = np.ones(SHAPE, np.uint16, order="F")
    delta = delta_from_bytes(no_change().to_bytes())
    delta.forward(labels)
    assert labels.min() == labels.max() == 1
    assert delta.box(SHAPE) is None
    assert list(changed_slices(delta, SHAPE)) == []


def test_the_box_is_half_open_around_all_changed_voxels():
    before, after = np.zeros(SHAPE, np.uint16), np.zeros(SHAPE, np.uint16)
    after[0, 2, 4] = after[1, 1, 4] = 7
    assert volume_delta(before, after).box(SHAPE) == Box(start=(0, 1, 4), stop=(2, 3, 5))


def test_changed_slices_name_the_objects_that_lost_and_that_gained():
    before, after = np.zeros(SHAPE, np.uint16), np.zeros(SHAPE, np.uint16)
    before[2, 1, 3], after[2, 1, 3] = 5, 1
    assert set(changed_slices(volume_delta(before, after), SHAPE)) == {
        (label, axis, index) for label in (1, 5) for axis, index in ((0, 2), (1, 1), (2, 3))
    }


def test_a_delta_that_does_not_fit_is_refused_and_changes_nothing():
    before, after = np.zeros(SHAPE, np.uint16), np.ones(SHAPE, np.uint16)
    delta = volume_delta(before, after)
    other = np.full(SHAPE, 9, np.uint16, order="F")
    with pytest.raises(JournalError, match="does not fit"):
        delta.forward(other)
    with pytest.raises(JournalError, match="does not fit"):
        delta.forward(np.zeros((1, 1, 1), np.uint16))
    assert (other == 9).all()


@given(before=label_maps, after=label_maps)
def test_runs_in_another_order_are_the_same_change(before, after):
    delta = volume_delta(before, after)
    other = reordered(delta, SHAPE, old="F", new="C")
    positions = [block.positions for block in other.blocks()] or [np.empty(0, int)]
    np.testing.assert_array_equal(np.concatenate(positions), np.flatnonzero(before != after))
    assert reordered(other, SHAPE, old="C", new="F").is_same(delta)


@given(before=label_maps, after=label_maps, slab_bytes=st.sampled_from([1, 50, 10**6]))
def test_a_map_that_is_changed_some_slices_at_a_time_is_changed_as_a_whole(before, after, slab_bytes):
    with mock.patch("isegformer.scratch.SLAB_BYTES", slab_bytes):
        delta = delta_of_slices(before, lambda first, part: after[:, :, first : first + part.shape[2]])
    assert delta.is_same(volume_delta(before, after))


@pytest.mark.parametrize("data", [b"", b"nonsense", zlib.compress(bytes(21))])
def test_bytes_that_are_no_delta_are_refused(data):
    with pytest.raises(JournalError, match="change of the label map"):
        delta_from_bytes(data)
