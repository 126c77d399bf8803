"""Optimisers and the schedules of their learning rate, by the names that a recipe gives them."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import torch
from torch import nn

from isegformer.training.config import OptimiserName, RunConfig, ScheduleName

Schedule: TypeAlias = Callable[[int, RunConfig], float]

OPTIMISERS: Mapping[OptimiserName, type[torch.optim.Adam]] = {
    "adamw": torch.optim.AdamW,
    "adam": torch.optim.Adam,
}
"""Optimisers: of parameters, learning rate, betas and weight decay."""


def plateau(step: int, config: RunConfig) -> float:
    """Return a factor that is 1 and falls linearly to zero over the last `decay_share` of the run.

    A plateau lets a run be ended early or prolonged: only the fall depends on the number of steps.
    """
    decay_steps = config.decay_share * config.steps
    return min(1.0, (config.steps - step) / decay_steps) if decay_steps else 1.0


def milestones(step: int, config: RunConfig) -> float:
    """Return a factor that is multiplied by `milestone_factor` at every milestone passed."""
    passed = sum(step >= share * config.steps for share in config.milestones)
    return config.milestone_factor**passed


SCHEDULES: Mapping[ScheduleName, Schedule] = {"plateau": plateau, "milestones": milestones}
"""Learning rate after the warm-up over its peak, by step."""


def learning_rate_factor(step: int, config: RunConfig) -> float:
    """Return the learning rate at `step` over its peak: a linear rise, then the schedule of the run."""
    rise = min(1.0, (step + 1) / max(1, config.warmup_steps))
    return max(0.0, min(rise, SCHEDULES[config.schedule](step, config)))


def optimiser_with_schedule(network: nn.Module, *, config: RunConfig) -> dict[str, Any]:
    """Return optimiser and scheduler of a run in the form that Lightning takes."""
    optimiser = OPTIMISERS[config.optimiser](
        network.parameters(), lr=config.learning_rate, betas=config.betas, weight_decay=config.weight_decay
    )
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: learning_rate_factor(step, config))
    return {"optimizer": optimiser, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}
