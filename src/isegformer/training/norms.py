"""Modes of a network's parts: norms that keep their statistics, and predictions between training steps."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

from torch import nn

NormStatistics: TypeAlias = Literal["batch", "kept"]
"""batch: norms use those of the batch and learn running ones; kept: they use what they have learned."""

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.SyncBatchNorm)


def set_training_mode(network: nn.Module, *, norm_statistics: NormStatistics) -> None:
    """Put a network into training mode; with "kept", its batch norms stay in evaluation mode.

    Their scales and shifts are still trained. Statistics of a few samples of one structure are far from those
    that trained weights expect, and spoil them faster than training mends them.
    """
    network.train()
    if norm_statistics == "kept":
        for module in network.modules():
            if isinstance(module, BATCH_NORMS):
                module.eval()


@contextmanager
def evaluation_mode(network: nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode for the block; then every part has the mode that it had."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, is_training in modes:
            module.training = is_training
