"""When to stop, and which of the weights to keep."""

from collections.abc import Sequence
from dataclasses import dataclass

PATIENCE = 3
"""Legs without a better result after which training stops."""


@dataclass(frozen=True, kw_only=True)
class Leg:
    """The state of a run at a checkpoint, as its validation saw it."""

    step: int
    """Optimiser steps so far; 0 are the weights that were started from."""
    loss: float
    """What validation wants to be small, such as mean clicks needed, or 1 - Dice."""
    seconds: float = 0.0
    """Time that it took, validation included."""


def best_leg(legs: Sequence[Leg]) -> Leg:
    """Return the leg of smallest loss; of equal ones the earliest, so that what is no better changes nothing.

    Examples
    --------
    >>> best_leg([Leg(step=0, loss=3.0), Leg(step=50, loss=2.0), Leg(step=100, loss=2.0)]).step
    50
    """
    assert legs
    return min(legs, key=lambda leg: (leg.loss, leg.step))


def is_over(legs: Sequence[Leg], *, patience: int = PATIENCE) -> bool:
    """Tell whether the last `patience` legs have brought nothing better."""
    best = best_leg(legs)
    return sum(leg.step > best.step for leg in legs) >= patience
