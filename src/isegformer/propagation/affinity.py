"""Reading from memory: every query takes values from where keys are most alike.

Shapes: M memory entries, Q queries, Ck and Cv the channels of keys and values.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

BYTES_PER_SCORE = 4


def read_out(
    memory_key: Tensor,
    memory_values: Sequence[Tensor],
    *,
    query_key: Tensor,
    top_k: int | None,
    block_bytes: int,
) -> list[Tensor]:
    """Return what each query reads from each object's values: softmax over the best keys, weighted sum.

    Queries are handled in blocks, each exactly, so that the scores of a block, block x M, stay within
    `block_bytes` (but a block has at least one query). All objects share the scores.

    Parameters
    ----------
    memory_key : (M, Ck)
    memory_values : one (M, Cv) for each object
    query_key : (Q, Ck)
    top_k : number of entries that a query reads, fewer if M is smaller; None: all
    block_bytes : budget of the scores

    Returns
    -------
    one (Q, Cv) for each object
    """
    n_memory, n_queries = len(memory_key), len(query_key)
    block = max(1, block_bytes // (BYTES_PER_SCORE * n_memory))
    parts: list[list[Tensor]] = [[] for _ in memory_values]
    for start in range(0, n_queries, block):
        scores = _scores(memory_key, query_key[start : start + block])  # (q, M)
        if top_k is None or top_k >= n_memory:
            weights = scores.softmax(dim=1)
            for part, values in zip(parts, memory_values, strict=True):
                part.append(weights @ values)
        else:
            best, entries = scores.topk(top_k, dim=1)  # (q, k)
            weights = best.softmax(dim=1)
            for part, values in zip(parts, memory_values, strict=True):
                part.append(F.embedding_bag(entries, values, per_sample_weights=weights, mode="sum"))
    return [torch.cat(part) for part in parts]


def _scores(memory_key: Tensor, query_key: Tensor) -> Tensor:
    """Return `similarity` up to a number for each query, which its softmax does not see, (Q, M).

    It is one pass over the scores, where the distance in full takes five.
    """
    scale = memory_key.shape[1] ** -0.5
    norms = memory_key.square().sum(dim=1)  # (M,)
    return torch.addmm(norms, query_key, memory_key.T, beta=-scale, alpha=2 * scale)
