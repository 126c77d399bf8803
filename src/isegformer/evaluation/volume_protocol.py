"""The paper's protocol in 3-D: slices come from the ground truth, the rest is filled, all is measured.

Each object is segmented by itself; all others are background. The mask is measured on the whole volume, the
given slices included.

Source: iSegFormer (2022), section 4.2: 1, 3, 5 and 10 slices of a volume.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, TypeAlias

import numpy as np

from isegformer.errors import ConfigError, PropagationError
from isegformer.evaluation.records import RecordKey, VolumeRecord
from isegformer.evaluation.shown_slices import shown_slices
from isegformer.evaluation.surface import DEFAULT_TOLERANCE_MM
from isegformer.evaluation.volume_metrics import slice_dice, volume_metrics
from isegformer.propagation import PropagationMethod, propagate_volume
from isegformer.slicing import Plane, slice_view
from isegformer.types import Mask
from isegformer.volume import Volume, Window, default_window

Spread: TypeAlias = Callable[[Sequence[int], int], tuple[int, ...]]
"""Chooses up to so many of the slices that hold an object, which rise."""


def spread_inside(present: Sequence[int], count: int) -> tuple[int, ...]:
    """Return slices of which the outermost lie half a gap inside the ends of the object.

    Examples
    --------
    >>> spread_inside(range(10, 20), 2)
    (12, 17)
    """
    return _chosen(present, (np.arange(count) + 0.5) / count * len(present) - 0.5)


def spread_to_ends(present: Sequence[int], count: int) -> tuple[int, ...]:
    """Return slices with both ends of the object among them; of one slice, the middle.

    Examples
    --------
    >>> spread_to_ends(range(10, 21), 3)
    (10, 15, 20)
    """
    if count == 1:
        return (int(present[len(present) // 2]),)
    return _chosen(present, np.linspace(0, len(present) - 1, count))


def _chosen(
    present: Sequence[int], positions: "np.ndarray[tuple[int], np.dtype[np.float64]]"
) -> tuple[int, ...]:
    return tuple(sorted({int(present[round(float(position))]) for position in positions}))


SPREADS: Mapping[str, Spread] = MappingProxyType({"inside": spread_inside, "to-ends": spread_to_ends})
"""Where given slices lie. Methods that only interpolate need the ends, which users rarely give."""


class GivenSlices(Protocol):
    """Which slices of an object are given."""

    @property
    def name(self) -> str:
        """What results call it."""
        ...

    def choose(self, present: Sequence[int]) -> tuple[int, ...]:
        """Return indices of the slices to give, rising.

        Parameters
        ----------
        present : slices that hold the object, rising, not empty
        """
        ...


@dataclass(frozen=True, kw_only=True)
class EvenSlices:
    """A number of slices, evenly spread over the object; fewer if it lies on fewer."""

    count: int
    spread: str = "inside"
    """One of SPREADS."""

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ConfigError(f"number of slices is {self.count}, expected at least 1")
        if self.spread not in SPREADS:
            raise ConfigError(f"spread is {self.spread!r}, expected one of: {', '.join(SPREADS)}")

    @property
    def name(self) -> str:
        """Return the number."""
        return str(self.count)

    def choose(self, present: Sequence[int]) -> tuple[int, ...]:
        """Return the spread slices; see `GivenSlices`."""
        return SPREADS[self.spread](present, self.count)


@dataclass(frozen=True, kw_only=True)
class ListedSlices:
    """The same slices for every object; where one does not hold it, that it is not there is given."""

    indices: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.indices or min(self.indices) < 0 or len(set(self.indices)) < len(self.indices):
            raise ConfigError(f"slices are {list(self.indices)}, expected different indices of at least 0")

    @property
    def name(self) -> str:
        """Return the indices with commas."""
        return "at " + ",".join(map(str, sorted(self.indices)))

    def choose(self, present: Sequence[int]) -> tuple[int, ...]:
        """Return the indices, whatever the object; PropagationError if none of them holds it."""
        if not set(self.indices) & set(present):
            raise PropagationError(
                f"none of the slices {self.name.removeprefix('at ')} holds the object, which lies on "
                f"{present[0]} to {present[-1]}"
            )
        return tuple(sorted(self.indices))


@dataclass(frozen=True, kw_only=True, eq=False)
class VolumeCase:
    """One object of one volume, ready to be segmented."""

    volume: Volume
    target: Mask
    """(I, J, K), the object; not empty."""
    axis: int
    """Across which slices are given."""
    window: Window | None = None
    """Intensities that become 0 and 1; None: as for display."""


def measure_propagation(
    case: VolumeCase,
    method: PropagationMethod,
    *,
    key: RecordKey,
    given: GivenSlices,
    tolerance_mm: float = DEFAULT_TOLERANCE_MM,
    clock: Callable[[], float] = time.perf_counter,
) -> VolumeRecord:
    """Give slices of an object, let the method fill the others, and measure the volume.

    Parameters
    ----------
    key : of the record
    tolerance_mm : of the normalised surface Dice

    Raises
    ------
    PropagationError : the object is not in the volume, or not on the given slices, or the method refuses them
    """
    present = slices_with(case.target, axis=case.axis)
    if not present:
        raise PropagationError("the object has no voxel, expected at least one")
    chosen = given.choose(present)
    start = clock()
    mask = fill(case, method, chosen=chosen)
    seconds = clock() - start
    n_i, n_j, n_k = case.target.shape
    by_slice = slice_dice(mask, case.target, axis=case.axis)
    return VolumeRecord(
        key=key,
        shape=(n_i, n_j, n_k),
        axis=case.axis,
        annotated=chosen,
        metrics=volume_metrics(
            mask, case.target, spacing_mm=case.volume.geometry.spacing_mm, tolerance_mm=tolerance_mm
        ),
        slice_dice=by_slice,
        shown=shown_slices(mask, case.target, axis=case.axis, slice_dice=by_slice),
        seconds=seconds,
    )


def fill(case: VolumeCase, method: PropagationMethod, *, chosen: Sequence[int]) -> Mask:
    """Return the object as the method makes it, bool (I, J, K), from its chosen slices."""
    length = case.target.shape[case.axis]
    if outside := [index for index in chosen if index >= length]:
        raise PropagationError(
            f"given slice {outside[0]} across axis {case.axis}, expected 0 to {length - 1}"
        )
    annotations = {
        index: slice_view(case.target, Plane(axis=case.axis, index=index)).astype(np.uint16)
        for index in chosen
    }
    labels = propagate_volume(
        case.volume,
        annotations,
        axis=case.axis,
        method=method,
        window=default_window(case.volume) if case.window is None else case.window,
    )
    return labels > 0


def slices_with(mask: Mask, *, axis: int) -> tuple[int, ...]:
    """Return the indices of the slices across `axis` that hold any of a mask (I, J, K), rising."""
    others = tuple(other for other in range(3) if other != axis)
    return tuple(int(index) for index in np.flatnonzero(mask.any(axis=others)))
