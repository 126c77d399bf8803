"""Batches on their way to the processor: frozen dataclasses with tensors among their fields."""

import dataclasses
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor

Batch = TypeVar("Batch")


def on_device(batch: Batch, device: torch.device) -> Batch:
    """Return a batch with its tensors on `device`."""
    # A GPU takes copies from pinned memory and kernels in order; elsewhere data would be read too early.
    is_async = device.type == "cuda"
    return _with_tensors(batch, lambda tensor: tensor.to(device, non_blocking=is_async))


def pinned(batch: Batch) -> Batch:
    """Return a batch with its tensors in memory that a GPU can read by itself."""
    return _with_tensors(batch, Tensor.pin_memory)


def _with_tensors(batch: Batch, change: Callable[[Tensor], Tensor]) -> Batch:
    assert dataclasses.is_dataclass(batch)
    assert not isinstance(batch, type)
    tensors = {name: change(value) for name, value in vars(batch).items() if isinstance(value, Tensor)}
    return dataclasses.replace(batch, **tensors)
