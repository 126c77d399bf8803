"""Stochastic depth: residual branches that are skipped at random in training."""

import torch
from torch import Tensor, nn


class DropPath(nn.Module):
    """Drops the whole branch of a sample with probability `rate` and scales the others to the same mean.

    Source: Huang et al. 2016, "Deep networks with stochastic depth".
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, branch: Tensor) -> Tensor:
        """(B, ...) -> (B, ...)."""
        if not self.training or self.rate == 0:
            return branch
        kept = torch.rand(branch.shape[0], *(1,) * (branch.ndim - 1), device=branch.device) >= self.rate
        return branch * kept.to(branch.dtype) / (1 - self.rate)


def linear_rates(rate: float, blocks: int) -> list[float]:
    """Return the rate of each block: 0 at the first, `rate` at the last.

    >>> linear_rates(0.2, 3)
    [0.0, 0.1, 0.2]
    """
    return [rate * block / max(blocks - 1, 1) for block in range(blocks)]
