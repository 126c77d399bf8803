"""What the networks cost by themselves: eager float32 PyTorch, straight from the papers, for comparison.

Nothing here is tuned; every benchmark of speed is a ratio to it, measured in turn with ours in one process.
Networks come in their textbook form (`textbook.py`).
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from isegformer.models import Stcn
from isegformer.models.soft_aggregation import soft_aggregate
from isegformer.models.stcn import similarity
from isegformer.types import FloatArray, Labels

MEMORY_EVERY = 5
TOP_K = 20


@torch.inference_mode()
def plain_forward(network: nn.Module, sizes: Sequence[tuple[int, int]]) -> None:
    """Run a click network once on empty inputs of each size (h, w), and wait for its answers."""
    device = next(network.parameters()).device
    for height, width in sizes:
        empty = torch.zeros(1, 3, height, width, device=device)
        torch.sigmoid(network(empty, empty)).cpu()


@torch.inference_mode()
def plain_propagation(network: Stcn, stack: FloatArray, annotation: Labels, *, at: int) -> Labels:
    """Propagate one annotated slice to both ends, with all of the memory x query matrix at once.

    Parameters
    ----------
    stack : (T, H, W) in [0, 1], H and W multiples of 16
    annotation : uint16 (H, W)
    at : its index

    Returns
    -------
    uint16 (T, H, W)
    """
    labels = np.unique(annotation[annotation > 0])
    masks = torch.from_numpy(np.stack([annotation == label for label in labels]).astype(np.float32))[:, None]
    masks = masks.to(network.device)
    result = np.zeros(stack.shape, np.uint16)
    result[at] = annotation
    for step in (1, -1):
        memory = [_remember(network, _frame(network, stack, at), masks)]
        for index in range(at + step, len(stack) if step > 0 else -1, step):
            frame = _frame(network, stack, index)
            keys = network.encode_key(frame)
            probability = _decoded(network, keys, memory)
            winner = torch.cat([torch.full_like(probability[:1], 0.5), probability]).argmax(0)[0]
            result[index] = np.concatenate([[0], labels])[winner.cpu().numpy()]
            if abs(index - at) % MEMORY_EVERY == 0:
                memory.append(_remember(network, frame, probability))
    return result


def _frame(network: Stcn, stack: FloatArray, index: int) -> Tensor:
    return torch.from_numpy(stack[index]).to(network.device)[None, None].expand(1, 3, -1, -1).contiguous()


def _remember(network: Stcn, frame: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
    """Return key (h w, Ck) and values (N, h w, Cv) of a slice."""
    keys = network.encode_key(frame)
    others = masks.sum(dim=0, keepdim=True) - masks
    values = network.encode_value(frame, keys, mask=masks, others=others)
    return keys.key.flatten(2)[0].T, values.flatten(2).transpose(1, 2)


def _decoded(network: Stcn, keys: object, memory: list[tuple[Tensor, Tensor]]) -> Tensor:
    """Return probabilities (N, 1, H, W)."""
    rows, cols = keys.key.shape[-2:]
    memory_key = torch.cat([key for key, _ in memory])
    values = torch.cat([value for _, value in memory], dim=1)
    scores = similarity(memory_key[None], keys.key.flatten(2).transpose(1, 2))[0]  # (Q, M)
    best, entries = scores.topk(min(TOP_K, scores.shape[1]), dim=1)
    weights = torch.zeros_like(scores).scatter_(1, entries, best.softmax(dim=1))
    readout = (weights @ values).transpose(1, 2).reshape(len(values), -1, rows, cols)
    return soft_aggregate(torch.sigmoid(network.decode(readout, keys)))[1:]
