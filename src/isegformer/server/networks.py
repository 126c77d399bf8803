"""What a server asks of the networks. Whoever starts it builds them; tests build tiny ones."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from isegformer.propagation import Advice, EvidenceLog
from isegformer.session import Propagation, SliceSegmenter, WeightsFingerprint
from isegformer.types import Labels
from isegformer.volume import Geometry


class AdvisingPropagation(Propagation, Protocol):
    """A propagation for one session that can say afterwards which slice to annotate next."""

    def advice(self, labels: Labels, *, axis: int, annotated: Collection[int], geometry: Geometry) -> Advice:
        """Return advice on the label map (I, J, K); see `isegformer.propagation.AdvisingPropagation`."""

    def evidence(self, axis: int) -> EvidenceLog:
        """Return what the last rounds across an axis saw."""

    def recall(self, axis: int, log: EvidenceLog) -> None:
        """Take back what `evidence` gave, for a session that was opened again."""


@dataclass(frozen=True, kw_only=True)
class Networks:
    """The networks of a server and how they are called."""

    new_segmenter: Callable[[], SliceSegmenter]
    """Makes the segmenter of one session; all may share one network, calls never overlap."""
    new_propagation: Callable[[], AdvisingPropagation]
    """Makes the propagation of one session."""
    method: str
    """Name of the propagation method."""
    fingerprint: WeightsFingerprint
    click_weights: str
    """Name of the weights of the click network."""
    propagation_weights: str
    device: str
    runtime: str = ""
    """Device, threads and versions in any words; new sessions keep it."""
