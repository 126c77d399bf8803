"""What a session asks of the networks. Only these forms are known here; torch is not.

H, W are rows and columns of a slice; I, J, K the axes of the volume.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from isegformer.clicks import Click
from isegformer.slicing import Roi
from isegformer.types import CancelCallback, FloatArray, Labels, Mask, ProgressCallback, SliceCallback
from isegformer.volume import Volume, Window


class SlicePrediction(Protocol):
    """What a segmenter says about one object on one slice."""

    @property
    def probability(self) -> FloatArray:
        """Float32 (H, W) in [0, 1]."""

    @property
    def mask(self) -> Mask:
        """Bool (H, W), the probability after the segmenter's own threshold."""

    @property
    def roi(self) -> Roi | None:
        """The part of the slice that the network saw, or None for all of it."""


class SliceSegmenter(Protocol):
    """Predicts one object on one slice from clicks; the result depends on nothing but what it is given."""

    def set_slice(self, image: FloatArray) -> None:
        """Take the slice that the next predictions are about; float32 (H, W) or (H, W, 3) in [0, 1]."""

    def predict(self, clicks: Sequence[Click], previous: SlicePrediction | None) -> SlicePrediction:
        """Predict from all clicks, oldest first, and what was predicted before the last of them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class EarlierResult:
    """What earlier rounds of propagation left."""

    annotations: Mapping[int, Labels]
    """Uint16 (H, W) of the slices that were annotated then and still are as they were then. A slice that is
    annotated no more is here too, so that the method sees it go."""

    labels: Labels
    """Uint16 (I, J, K), the result so far."""


class Propagation(Protocol):
    """Carries labels from annotated slices to the whole volume.

    Given `earlier`, a method that works in rounds changes only slices between the annotations that are new,
    that is not in `earlier` or otherwise there, and their annotated neighbours. If one of the earlier
    annotations is missing now, or the method has no rounds, it does not use `earlier`.
    """

    def __call__(
        self,
        volume: Volume,
        annotations: Mapping[int, Labels],
        *,
        axis: int,
        window: Window,
        earlier: EarlierResult | None = None,
        on_progress: ProgressCallback | None = None,
        is_cancelled: CancelCallback | None = None,
        on_slice: SliceCallback | None = None,
    ) -> Labels:
        """Return uint16 (I, J, K) from the uint16 (H, W) labels of the annotated slices across `axis`.

        `on_slice` may be given the labels of slices before the end, as often as they change.
        """


@dataclass(frozen=True, kw_only=True)
class WeightsFingerprint:
    """The sha256 (hexadecimal) of the weights in use; any text will do where a network has none."""

    click: str
    """Of the network behind the slice segmenter."""

    propagation: str
    """Of the network, or networks together, behind the propagation methods."""
