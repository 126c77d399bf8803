"""The optimiser of every run: AdamW whose learning rate rises, stays, and falls."""

from typing import Any

import torch
from torch import nn

from isegformer.training.config import RunConfig


def learning_rate_factor(step: int, *, steps: int, warmup_steps: int, decay_share: float) -> float:
    """Return the learning rate at `step` over its peak: linear rise, plateau, linear fall to zero.

    A plateau lets a run be ended early or prolonged: only the fall depends on the number of steps.

    Examples
    --------
    >>> [learning_rate_factor(n, steps=10, warmup_steps=2, decay_share=0.5) for n in (0, 1, 4, 9)]
    [0.5, 1.0, 1.0, 0.2]
    """
    rise = min(1.0, (step + 1) / max(1, warmup_steps))
    decay_steps = decay_share * steps
    fall = min(1.0, (steps - step) / decay_steps) if decay_steps else 1.0
    return max(0.0, min(rise, fall))


def adamw_with_schedule(network: nn.Module, *, config: RunConfig) -> dict[str, Any]:
    """Return optimiser and scheduler of a run in the form that Lightning takes."""
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: learning_rate_factor(
            step, steps=config.steps, warmup_steps=config.warmup_steps, decay_share=config.decay_share
        ),
    )
    return {"optimizer": optimiser, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}
