"""What a round of propagation saw of each object on each slice that it predicted: how sure, how agreed.

Nothing here knows the truth; `isegformer.propagation.suggestion` reads it. Shapes: N objects, H x W pixels
of a slice.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.special import entr

from isegformer.types import FloatArray

BITS_PER_NAT = 1 / np.log(2.0)


@dataclass(frozen=True, kw_only=True)
class SliceEvidence:
    """One object on one slice, as the last round that reached the slice saw it; areas in px of the slice."""

    index: int
    """Of the slice."""

    label: int
    """Of the object."""

    entropy_px: float
    """Binary entropy of the network's probability in bits, summed over the slice: pixels as good as
    undecided."""

    disagreement_px: float | None
    """Sum of the differences of probability between the pass that came last and what was stored before, by a
    pass from the other side or in an earlier round. None: no pass had been there."""


EvidenceCallback: TypeAlias = Callable[[SliceEvidence], None]
"""Called for every object on every slice that a round has written, after its last pass."""


class RoundWatch:
    """Follows one round: remembers where two results met, and makes evidence of what is left at the end."""

    def __init__(self) -> None:
        self._disagreement_px: dict[int, FloatArray] = {}

    def meet(self, index: int, *, new: FloatArray, stored: FloatArray) -> None:
        """Take note that a pass came to a slice on which a result was stored, both (N, H, W)."""
        self._disagreement_px[index] = np.abs(new - stored).sum(axis=(1, 2))

    def evidence(
        self, index: int, *, probability: FloatArray, objects: Sequence[int]
    ) -> Iterator[SliceEvidence]:
        """Yield what is known of each object on a slice.

        Parameters
        ----------
        probability : (N, H, W), of the network
        objects : their labels, ascending
        """
        entropy_px = binary_entropy_bits(probability).sum(axis=(1, 2))
        met = self._disagreement_px.get(index)
        for place, label in enumerate(objects):
            yield SliceEvidence(
                index=index,
                label=label,
                entropy_px=float(entropy_px[place]),
                disagreement_px=None if met is None else float(met[place]),
            )


def binary_entropy_bits(probability: FloatArray) -> FloatArray:
    """Return the entropy of being inside or not, in bits, of every probability.

    Examples
    --------
    >>> binary_entropy_bits(np.array([0.5, 1.0]))
    array([1., 0.])
    """
    return np.asarray((entr(probability) + entr(1 - probability)) * BITS_PER_NAT, dtype=probability.dtype)


class EvidenceLog:
    """The newest evidence of every object on every slice; give it as `on_evidence`, round after round."""

    def __init__(self) -> None:
        self._by_label: dict[int, dict[int, SliceEvidence]] = {}

    def __call__(self, seen: SliceEvidence) -> None:
        """Take note; what was known of this object on this slice is replaced."""
        self._by_label.setdefault(seen.label, {})[seen.index] = seen

    def of(self, label: int) -> Mapping[int, SliceEvidence]:
        """Return what is known of an object, by slice."""
        return dict(self._by_label.get(label, {}))

    def items(self) -> Iterator[SliceEvidence]:
        """Yield everything that is known."""
        for by_index in self._by_label.values():
            yield from by_index.values()

    def copy(self) -> "EvidenceLog":
        """Return a log of its own that knows the same."""
        log = EvidenceLog()
        for seen in self.items():
            log(seen)
        return log
