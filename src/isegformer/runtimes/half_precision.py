"""A network prepared for bfloat16: its layers of products hold such weights, the rest stays float32.

Under autocast these layers compute in bfloat16 anyway, but would turn their weights each time.
"""

import copy
from contextlib import AbstractContextManager
from typing import TypeVar

import torch
from torch import Tensor, nn

from isegformer.models.swin import FixedWindowAttention, fix_attention

Network = TypeVar("Network", bound=nn.Module)


def prepared_for_half(network: Network) -> Network:
    """Return a copy of a network for use under `half_precision`; laid out channels last.

    Sums and normalisations stay float32: what is added up over many layers would lose small parts.
    """
    prepared = copy.deepcopy(network)
    for module in prepared.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            module.to(torch.bfloat16)
    fix_attention(prepared, dtype=torch.bfloat16)
    prepared.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # the stubs lack this form
    return prepared


def half_precision(device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which a prepared network computes; what it keeps between calls is nothing."""
    return torch.autocast(device.type, torch.bfloat16, cache_enabled=False)


def made_for_size(network: nn.Module) -> list[tuple[Tensor, Tensor]]:
    """Return what a prepared network keeps only until inputs of another size come."""
    attentions = (module for module in network.modules() if isinstance(module, FixedWindowAttention))
    return [attention.made for attention in attentions if attention.made is not None]
