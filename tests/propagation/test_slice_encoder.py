"""Tests for isegformer.propagation.slice_encoder."""

import numpy as np
import pytest
import torch

from isegformer.propagation import ArraySlices, PropagatorConfig
from isegformer.propagation.memory import MemoryBank
from isegformer.propagation.slice_encoder import SliceEncoder

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
            probability = one.predict(4, MemoryBank([entry], max_recent=1), objects=objects)
        assert list(entry.values) == objects
        results.append((torch.stack(list(entry.values.values())), probability))
    torch.testing.assert_close(results[0], results[1], rtol=1e-3, atol=1e-4)
    assert results[0][1].shape == (5, 32, 48)
