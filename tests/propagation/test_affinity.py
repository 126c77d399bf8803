"""Tests for isegformer.propagation.affinity."""

import numpy as np
import pytest
import torch

from isegformer.models.stcn import similarity
from isegformer.propagation.affinity import _scores, read_out

BLOCK_BYTES = 10**6


def brute_force(memory_key, values, query_key, *, top_k):
    """Return the read-out, one query and one entry at a time."""
    result = []
    for query in query_key:
        scores = np.array([-((entry - query) ** 2).sum() / np.sqrt(len(query)) for entry in memory_key])
        kept = np.argsort(-scores)[:top_k]
        weights = np.exp(scores[kept] - scores[kept].max())
        result.append((weights[:, None] * values[kept]).sum(0) / weights.sum())
    return np.array(result)


@pytest.mark.parametrize("top_k", [1, 3, 7, 8, None])
def test_read_out_equals_brute_force(top_k):
    rng = np.random.default_rng(0)
    key, query = rng.normal(size=(7, 4)).astype("f4"), rng.normal(size=(5, 4)).astype("f4")
    values = [rng.normal(size=(7, 3)).astype("f4"), rng.normal(size=(7, 2)).astype("f4")]
    read = read_out(
        torch.from_numpy(key),
        [torch.from_numpy(value) for value in values],
        query_key=torch.from_numpy(query),
        top_k=top_k,
        block_bytes=BLOCK_BYTES,
    )
    for got, value in zip(read, values, strict=True):
        assert np.allclose(got.numpy(), brute_force(key, value, query, top_k=top_k), atol=1e-5)


def test_nearest_entry_is_read_by_hand():
    key, value = torch.tensor([[0.0], [10.0]]), torch.tensor([[1.0], [5.0]])
    queries = torch.tensor([[1.0], [9.0], [5.0]])
    (read,) = read_out(key, [value], query_key=queries, top_k=None, block_bytes=BLOCK_BYTES)
    assert read.flatten().tolist() == pytest.approx([1.0, 5.0, 3.0])


@pytest.mark.parametrize("block_bytes", [1, 4 * 6 * 2, 4 * 6 * 3 + 1])
@pytest.mark.parametrize("top_k", [2, None])
def test_blocks_do_not_change_the_result_and_stay_within_their_budget(block_bytes, top_k, monkeypatch):
    torch.manual_seed(0)
    key, value, query = torch.randn(6, 4), torch.randn(6, 3), torch.randn(7, 4)
    (whole,) = read_out(key, [value], query_key=query, top_k=top_k, block_bytes=BLOCK_BYTES)
    sizes = []

    def counted(memory, queries):
        sizes.append(len(memory) * len(queries) * 4)
        return original(memory, queries)

    original = read_out.__globals__["_scores"]
    monkeypatch.setitem(read_out.__globals__, "_scores", counted)
    (blocked,) = read_out(key, [value], query_key=query, top_k=top_k, block_bytes=block_bytes)
    torch.testing.assert_close(blocked, whole)
    assert len(sizes) > 1
    assert max(sizes) <= max(block_bytes, 4 * 6)


def test_scores_are_similarities_but_for_a_number_of_each_query():
    torch.manual_seed(0)
    key, query = torch.randn(6, 4), torch.randn(7, 4)
    difference = _scores(key, query) - similarity(key[None], query[None])[0]
    torch.testing.assert_close(difference, difference[:, :1].expand(-1, 6))
