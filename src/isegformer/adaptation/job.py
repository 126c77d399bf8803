"""What adapting one network is made of, whatever the network does."""

from pathlib import Path
from typing import Protocol

from isegformer.types import PathLike


class AdaptationJob(Protocol):
    """Trains one network on a user's cases, and measures weights on those that were kept back."""

    @property
    def kind(self) -> str:
        """What the network does: "click" or "propagation"."""
        ...

    @property
    def start_from(self) -> str:
        """Name or path of the weights to start from."""
        ...

    @property
    def measure(self) -> str:
        """What is measured, in words and with its unit."""
        ...

    @property
    def higher_is_better(self) -> bool:
        """Whether the measure should rise, as a share of 1 does; clicks should fall."""
        ...

    @property
    def items(self) -> int:
        """Number of things that are measured on; 0 where the cases do not allow it."""
        ...

    @property
    def leg_steps(self) -> int:
        """Optimiser steps between two measurements."""
        ...

    def train_to(self, step: int) -> Path:
        """Train on to a step, from the newest checkpoint or the start, and return the weights file."""
        ...

    def measured(self, weights: PathLike) -> float:
        """Return the measure of weights on the kept cases."""
        ...
