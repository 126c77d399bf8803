"""Tests for isegformer.propagation.probabilities."""

import errno
import os
import tracemalloc

import pytest
import torch

from isegformer.errors import ScratchError
from isegformer.propagation.probabilities import ProbabilityStore


@pytest.mark.parametrize("budget_bytes", [0, 10**6])
def test_what_is_written_is_read_within_16_bits(budget_bytes):
    store = ProbabilityStore(3, (4, 5), budget_bytes=budget_bytes)
    store.add_object(9)
    store.add_object(2)
    values = torch.rand(2, 4, 5)
    store.write(1, values, objects=[2, 9])
    assert store.objects == [2, 9]
    assert store.read(1).dtype == torch.float32
    assert (store.read(1) - values).abs().max() <= 1 / 131070 + 1e-7
    assert not store.read(0).any()
    store.close()


def test_zero_and_one_are_exact_and_objects_that_are_not_named_become_zero():
    store = ProbabilityStore(1, (1, 2), budget_bytes=100)
    for label in (1, 2):
        store.add_object(label)
    store.write(0, torch.ones(2, 1, 2), objects=[1, 2])
    store.write(0, torch.tensor([[[0.0, 1.0]]]), objects=[2])
    assert store.read(0).tolist() == [[[0, 0]], [[0, 1]]]


def test_objects_beyond_the_budget_lie_on_disk():
    store = ProbabilityStore(10, (8, 8), budget_bytes=2 * 10 * 64 * 2)
    for label in (1, 2, 3, 3):
        store.add_object(label)
    assert (store.bytes_in_memory, store.bytes_on_disk) == (2 * 10 * 64 * 2, 10 * 64 * 2)
    store.close()
    assert (store.bytes_in_memory, store.bytes_on_disk) == (0, 0)


def test_memory_does_not_grow_with_the_slices_beyond_the_budget():
    peaks = []
    for n_slices in (8, 256):
        tracemalloc.start()
        store = ProbabilityStore(n_slices, (64, 64), budget_bytes=0)
        store.add_object(1)
        for index in range(n_slices):
            store.write(index, torch.rand(1, 64, 64), objects=[1])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        store.close()
    assert peaks[1] < peaks[0] + 64 * 64 * 4


def test_full_disk_is_an_error_and_leaves_the_store_as_it_was(monkeypatch, tmp_path):
    def fail(descriptor, offset, length):
        raise OSError(errno.ENOSPC, "No space left on device")

    store = ProbabilityStore(10, (8, 8), budget_bytes=10 * 64 * 2, folder=tmp_path)
    store.add_object(1)
    monkeypatch.setattr(os, "posix_fallocate", fail, raising=False)
    with pytest.raises(ScratchError, match=f"cannot keep 1280 bytes in a temporary file in {tmp_path}"):
        store.add_object(2)
    assert store.objects == [1]
    assert (store.bytes_in_memory, store.bytes_on_disk) == (1280, 0)


def test_slices_not_written_are_read_from_the_start():
    store = ProbabilityStore(3, (1, 2), budget_bytes=100)
    store.add_object(4)
    assert not store.is_known(1)
    asked = []

    def start(index):
        asked.append(index)
        return torch.ones(1, 1, 2)

    store.start_from(start)
    store.write(0, torch.zeros(1, 1, 2), objects=[4])
    assert [store.is_written(index) for index in range(3)] == [True, False, False]
    assert all(store.is_known(index) for index in range(3))
    assert not store.read(0).any()
    assert store.read(1).all()
    assert asked == [1]
