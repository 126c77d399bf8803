"""Tests for isegformer.propagation.slice_encoder."""

import numpy as np
import pytest
import torch

from isegformer.propagation import ArraySlices, PropagatorConfig
from isegformer.propagation.memory import MemoryBank
from isegformer.propagation.slice_encoder import SliceEncoder, compete

BYTES_PER_SLICE = 4 * (2 * 2 * 3 + 3 * 32 * 48)


def encoder(network, **config):
    stack = np.random.default_rng(0).random((9, 32, 48), dtype=np.float32)
    return SliceEncoder(network, ArraySlices(stack), config=PropagatorConfig(min_side_px=None, **config))


@pytest.mark.parametrize(("budget_slices", "encoded"), [(9, 4), (2, 5), (0, 7)])
def test_slices_used_last_are_kept_within_the_budget(brightness_network, budget_slices, encoded):
    one = encoder(brightness_network, key_cache_bytes=budget_slices * BYTES_PER_SLICE)
    with torch.inference_mode():
        for index in (0, 1, 0, 2, 0, 1, 3):
            assert one.keys(index).context[0, 0, 3, 4] == one.frame(index)[0].mean(dim=0)[3, 4]
    assert brightness_network.encoded_keys == encoded


def test_objects_that_take_turns_give_the_same_entry_and_prediction(tiny_stcn):
    masks = torch.rand(5, 1, 32, 48) / 5
    objects, results = [1, 3, 4, 8, 9], []
    for at_once in (2, 8):
        one = encoder(tiny_stcn, objects_at_once=at_once)
        with torch.inference_mode():
            entry = one.entry(2, masks, objects=objects)
            (logits,) = one.logits([4], MemoryBank([entry], max_recent=1), objects=objects)
            probability = compete(logits)
        assert list(entry.values) == objects
        results.append((torch.stack(list(entry.values.values())), probability))
    torch.testing.assert_close(results[0], results[1], rtol=1e-3, atol=1e-4)
    assert results[0][1].shape == (5, 32, 48)


@pytest.mark.parametrize("objects", [[7], [1, 3, 4]])
def test_slices_that_go_together_get_the_same_logits_as_alone(tiny_stcn, objects):
    together, alone = encoder(tiny_stcn), encoder(tiny_stcn)
    masks = torch.rand(len(objects), 1, 32, 48) / len(objects)
    with torch.inference_mode():
        memory = MemoryBank([together.entry(2, masks, objects=objects)], max_recent=1)
        got = together.logits([5, 2, 4], memory, objects=objects)
        expected = [alone.logits([index], memory, objects=objects)[0] for index in (5, 2, 4)]
    assert [tuple(one.shape) for one in got] == [(len(objects), 1, 32, 48)] * 3
    torch.testing.assert_close(got, expected, rtol=1e-3, atol=1e-4)


def test_keys_that_were_encoded_together_count_and_go_one_by_one(brightness_network):
    one = encoder(brightness_network, key_cache_bytes=2 * BYTES_PER_SLICE)
    masks = torch.ones(1, 1, 32, 48)
    with torch.inference_mode():
        memory = MemoryBank([one.entry(0, masks, objects=[1])], max_recent=1)
        one.logits([1, 2, 3], memory, objects=[1])
        assert brightness_network.encoded_keys == 4
        one.keys(2), one.keys(3)
        assert brightness_network.encoded_keys == 4
        one.keys(1)
    assert brightness_network.encoded_keys == 5


def test_forgotten_keys_make_room(brightness_network):
    one = encoder(brightness_network, key_cache_bytes=2 * BYTES_PER_SLICE)
    with torch.inference_mode():
        one.keys(0), one.keys(1)
        one.forget(1), one.forget(1), one.forget(8)
        one.keys(2), one.keys(0)
        assert brightness_network.encoded_keys == 3
        one.keys(1)
    assert brightness_network.encoded_keys == 4


@pytest.mark.parametrize(("pixels", "slices"), [(1, 1), (32 * 48, 1), (3 * 32 * 48, 3)])
def test_how_many_slices_go_together_depends_on_their_size(brightness_network, pixels, slices):
    assert encoder(brightness_network, together_px=pixels).slices_together == slices
