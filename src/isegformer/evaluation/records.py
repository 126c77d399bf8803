"""What an evaluation keeps of every case: plain values, one record per object and method.

A record of a case that crashed has an `error` and no measurements; it counts as a failed case, and the rest
of the evaluation goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from isegformer.clicks import Click


@dataclass(frozen=True, kw_only=True)
class RecordKey:
    """Which object of which case, and by what it was segmented; no two records of an evaluation share it."""

    dataset: str
    """Name of the data folder."""
    case: str
    """Name of the case; of a slice of a volume, with axis and index."""
    label: int
    """Value of the object in the label map."""
    method: str
    """Weights, or the name of a peer."""
    setting: str = ""
    """What else was varied: the user of a click evaluation, the annotated slices of a volume evaluation."""


@dataclass(frozen=True, kw_only=True)
class ClickRecord:
    """One object on one slice, clicked by a simulated user."""

    key: RecordKey
    shape: tuple[int, int] = (0, 0)
    """(height, width) of the slice."""
    object_px: int = 0
    """Area of the object."""
    clicks: tuple[Click, ...] = ()
    """In order."""
    ious: tuple[float, ...] = ()
    """IoU after each click."""
    seconds: tuple[float, ...] = ()
    """Time of each prediction."""
    rss_peak_mb: float | None = None
    """Most resident memory of the process while it predicted, the network included; None where unknown."""
    gpu_peak_mb: float | None = None
    """Most memory allocated on the GPU meanwhile; None without a GPU."""
    error: str | None = None
    """Why the case could not be measured; None where it was."""


@dataclass(frozen=True, kw_only=True)
class ShownSlice:
    """A slice of a result, kept for pictures; see `shown_slices`."""

    index: int
    """Across the axis of the record."""
    mask: str
    """The result on it, packed."""
    clicks: tuple[Click, ...] = ()
    """Of a robot user, in order."""


@dataclass(frozen=True, kw_only=True)
class VolumeRecord:
    """One object of one volume, segmented from some annotated slices."""

    key: RecordKey
    shape: tuple[int, int, int] = (0, 0, 0)
    """(I, J, K) of the volume."""
    axis: int = 0
    """Across which slices were annotated."""
    annotated: tuple[int, ...] = ()
    """Indices of the annotated slices, in the order in which they were annotated."""
    n_clicks: int = 0
    """Clicks of the robot user; 0 where annotated slices were given from the ground truth."""
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    """By name, such as dice or hd95_mm; None where a metric is not defined for these masks."""
    slice_dice: tuple[float, ...] = ()
    """Dice of every slice across `axis`."""
    curve: tuple[tuple[int, int, float], ...] = ()
    """After each step of a robot user: annotated slices, clicks, Dice of the volume."""
    predicted_dice: tuple[float, ...] = ()
    """After each step of a robot user, what the propagation predicts without the truth."""
    shown: tuple[ShownSlice, ...] = ()
    """Slices of the result for pictures; none in records of older versions."""
    seconds: float = 0.0
    """Time of predictions and propagation together."""
    error: str | None = None
    """Why the case could not be measured; None where it was."""
