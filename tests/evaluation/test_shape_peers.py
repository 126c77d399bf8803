"""Peers between given slices: what they fill, across which axis, and what happens where they are missing."""

import os
import signal
import sys

import numpy as np
import pytest

from isegformer.errors import ConfigError, DependencyError, PropagationError
from isegformer.evaluation import shape_peers
from isegformer.evaluation.shape_peers import (
    SHAPE_PEERS,
    MorphologicalContours,
    check_shape_peer,
    has_itk,
    peers_here,
)
from isegformer.propagation import ArraySlices, propagate_volume
from isegformer.volume import Geometry, Volume, Window

SHAPE = (9, 12, 14)
BIG, SMALL = np.s_[3:9, 4:8], np.s_[3:5, 4:6]

needs_itk = pytest.mark.skipif(not has_itk(), reason="ITK's filter is not installed: extra itk")


def stack(**slices):
    """Return annotated slices (12, 14) from {s<index>: [(box, label), ...]}."""
    made = {}
    for name, items in slices.items():
        labels = np.zeros(SHAPE[1:], np.uint16)
        for box, label in items:
            labels[box] = label
        made[int(name[1:])] = labels
    return made


def fill(peer, annotations):
    return SHAPE_PEERS[peer]().propagate(ArraySlices(np.zeros(SHAPE, np.float32)), annotations)


def areas(labels, label=1):
    return [int(np.count_nonzero(part == label)) for part in labels]


BOTH = ["signed-distance", pytest.param("morphological", marks=needs_itk)]


@pytest.mark.parametrize("peer", BOTH)
def test_a_shape_that_stays_the_same_is_filled_between_its_slices_and_not_beyond(peer):
    filled = fill(peer, stack(s1=[(BIG, 1)], s5=[(BIG, 1)]))
    assert areas(filled) == [0, 24, 24, 24, 24, 24, 0, 0, 0]
    assert all(filled[index][BIG].all() for index in range(1, 6))


@pytest.mark.parametrize("peer", BOTH)
def test_a_shape_shrinks_step_by_step_from_one_slice_to_the_next_given_one(peer):
    filled = areas(fill(peer, stack(s1=[(BIG, 1)], s5=[(SMALL, 1)])))
    assert filled[1:6] == sorted(filled[1:6], reverse=True)
    assert all(4 <= area <= 24 for area in filled[1:6])
    assert 4 < filled[3] < 24


@pytest.mark.parametrize("peer", BOTH)
def test_every_label_is_filled_with_its_own_value(peer):
    filled = fill(
        peer, stack(s1=[(BIG, 700), (np.s_[10:12, 10:12], 3)], s5=[(BIG, 700), (np.s_[10:12, 10:12], 3)])
    )
    assert filled.dtype == np.uint16
    assert areas(filled, 700)[1:6] == [24] * 5
    assert areas(filled, 3)[1:6] == [4] * 5


@pytest.mark.parametrize("peer", BOTH)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_volume_is_filled_across_the_axis_that_was_asked_for(peer, axis):
    shape = np.insert(SHAPE[1:], axis, SHAPE[0])
    volume = Volume(np.zeros(shape, np.uint8), Geometry(tuple(shape), np.diag([1.0, 2.0, 3.0, 1.0])))
    labels = propagate_volume(
        volume,
        stack(s1=[(BIG, 1)], s5=[(BIG, 1)]),
        axis=axis,
        method=SHAPE_PEERS[peer](),
        window=Window(0, 1),
    )
    expected = np.zeros(SHAPE, np.uint16)
    expected[(slice(1, 6), *BIG)] = 1
    np.testing.assert_array_equal(labels, np.moveaxis(expected, 0, axis))


@needs_itk
def test_thin_shapes_and_shapes_at_the_border_are_filled_too():
    corner = np.s_[0:1, 0:1]
    assert areas(fill("morphological", stack(s0=[(corner, 1)], s4=[(corner, 1)]))) == [1] * 5 + [0] * 4
    full = (np.s_[:, :], 1)
    assert areas(fill("morphological", stack(s0=[full], s8=[full]))) == [12 * 14] * 9


@needs_itk
def test_a_given_slice_without_the_object_ends_it():
    filled = fill("morphological", stack(s0=[(BIG, 1)], s2=[(BIG, 1)], s4=[], s6=[(BIG, 1)], s8=[(BIG, 1)]))
    assert areas(filled) == [24, 24, 24, 0, 0, 0, 24, 24, 24]


@needs_itk
def test_one_given_slice_is_all_there_is():
    assert areas(fill("morphological", stack(s4=[(BIG, 1)]))) == [0, 0, 0, 0, 24, 0, 0, 0, 0]


@needs_itk
def test_annotations_are_neither_changed_nor_accepted_where_they_do_not_fit():
    given = stack(s1=[(BIG, 1)], s5=[(SMALL, 1)])
    before = {index: labels.copy() for index, labels in given.items()}
    fill("morphological", given)
    assert all((given[index] == labels).all() for index, labels in before.items())
    with pytest.raises(PropagationError, match="expected 0 to 8"):
        fill("morphological", {9: given[1]})


@needs_itk
def test_progress_counts_gaps_and_a_cancelled_run_keeps_what_is_done():
    given = stack(s0=[(BIG, 1)], s2=[(BIG, 1)], s4=[(BIG, 1)])
    seen = []
    filled = MorphologicalContours().propagate(
        ArraySlices(np.zeros(SHAPE, np.float32)),
        given,
        on_progress=lambda done, total: seen.append((done, total)),
        is_cancelled=lambda: len(seen) == 1,
    )
    assert seen == [(1, 2)]
    assert areas(filled)[:5] == [24, 24, 24, 0, 24]


@needs_itk
def test_itk_stays_out_of_this_process_and_is_started_once():
    first = shape_peers._itk().pid
    MorphologicalContours()
    assert shape_peers._itk().pid == first
    # MONAI imports the package itself, which loads its wrapped parts when they are used
    assert not [name for name in sys.modules if name.startswith("itk._itk")]


@needs_itk
@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_a_process_of_itk_that_died_is_told_and_the_next_volume_gets_a_new_one():
    given = stack(s1=[(BIG, 1)], s3=[(BIG, 1)])
    peer = MorphologicalContours()
    os.kill(shape_peers._itk().pid, signal.SIGKILL)
    with pytest.raises(PropagationError, match="the process of ITK ended with exit code -9"):
        peer.propagate(ArraySlices(np.zeros(SHAPE, np.float32)), given)
    assert areas(fill("morphological", given))[1:4] == [24, 24, 24]


def test_without_itk_the_peer_says_what_to_install_and_the_others_are_offered(monkeypatch):
    shape_peers._itk.cache_clear()
    monkeypatch.setattr(shape_peers, "_PACKAGE", "itk-that-nobody-has-published")
    with pytest.raises(DependencyError, match=r"pip install 'isegformer\[itk\]'"):
        SHAPE_PEERS["morphological"]()
    assert peers_here() == ("signed-distance",)


def test_an_unknown_peer_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="signed-distance, morphological"):
        check_shape_peer("splines")
