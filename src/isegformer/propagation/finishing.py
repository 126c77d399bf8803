"""From the network's probabilities on a slice to its labels: what may be known besides the network.

Shapes: N objects, H x W pixels of a slice.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from torch import Tensor

from isegformer.propagation.aggregation import labels_of
from isegformer.types import Labels


class SliceFinisher(Protocol):
    """Makes the labels of slices that a round has predicted."""

    def labels(self, index: int, probability: Tensor, *, objects: Sequence[int]) -> Labels:
        """Return the labels uint16 (H, W) of slice `index`.

        Parameters
        ----------
        probability : float32 (N, H, W), of the competing objects; summing to at most 1
        objects : their labels, ascending
        """
        ...


FinisherMaker: TypeAlias = Callable[[Mapping[int, Labels]], SliceFinisher]
"""Makes a finisher for one round from the slices annotated until then, uint16 (H, W) by index.

The arrays are not changed afterwards, nor is the mapping.
"""


class NetworkAlone:
    """The most probable object wins, as in the reference."""

    def __init__(self, annotations: Mapping[int, Labels]) -> None:
        """Take annotations as every finisher does; the network has seen them."""

    def labels(self, index: int, probability: Tensor, *, objects: Sequence[int]) -> Labels:
        """Return the label of the most probable object at each pixel, uint16 (H, W)."""
        return labels_of(probability, objects)
