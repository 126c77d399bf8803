"""What a runtime is: a way to compute a network, and how near to the original it promises to stay."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from isegformer.models.click_segmenter import ClickSegmenter
from isegformer.models.stcn import Stcn
from isegformer.runtimes.engines import ClickEngine, PropagationEngine


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """How far a runtime's logits may be from those of eager float32 PyTorch."""

    quantity: str
    """What is compared, in words."""
    measure: Callable[[Tensor, Tensor], float]
    """From the runtime's logits and the original's, both of one shape, to that quantity."""
    most: float
    """The largest value that is accepted."""


class Runtime(Protocol):
    """A way to compute networks on a device."""

    @property
    def tolerance(self) -> Tolerance:
        """What its self-check demands."""
        ...

    def missing(self, device: torch.device) -> str | None:
        """Return what keeps it from working here, in words; None where it can."""
        ...

    def click(self, network: ClickSegmenter) -> ClickEngine:
        """Return a click network that is computed so; errors of any kind where that fails."""
        ...

    def propagation(self, network: Stcn) -> PropagationEngine:
        """Return a propagation network that is computed so; errors of any kind where that fails."""
        ...


def relative_difference(got: Tensor, expected: Tensor) -> float:
    """Return the largest difference over the largest absolute value.

    Examples
    --------
    >>> relative_difference(torch.tensor([1.0, -4.5]), torch.tensor([1.0, -4.0]))
    0.125
    """
    return float((got - expected).abs().max() / expected.abs().max().clamp(min=torch.finfo().tiny))


def probability_difference(got: Tensor, expected: Tensor) -> float:
    """Return the largest difference of the probabilities that logits stand for."""
    return float((torch.sigmoid(got) - torch.sigmoid(expected)).abs().max())


SAME = Tolerance(quantity="relative difference of logits", measure=relative_difference, most=1e-4)
"""Of runtimes that compute in float32, in another order."""

REDUCED = Tolerance(quantity="difference in probability", measure=probability_difference, most=0.02)
"""Of runtimes with 16-bit numbers."""
