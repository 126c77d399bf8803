"""What a command changed in the label map: runs of voxels, with their values before and after."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isegformer.errors import JournalError
from isegformer.session.packed_array import ZLIB_LEVEL
from isegformer.slicing.plane import IN_PLANE_AXES, Plane
from isegformer.types import AnyArray, Labels

_RUN_BYTES = 20
"""Two u8 (gap to the run's start, length) and two u2 (before, after)."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A half-open block of voxels, (i, j, k) from `start` up to `stop`."""

    start: tuple[int, int, int]
    stop: tuple[int, int, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelDelta:
    """Changed voxels as runs along the C-order of the volume; all arrays have one entry per run."""

    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    before: Labels
    after: Labels

    @property
    def positions(self) -> NDArray[np.int64]:
        """The C-order index of every changed voxel, rising."""
        ends = np.cumsum(self.lengths)
        within = np.arange(ends[-1] if ends.size else 0) - np.repeat(ends - self.lengths, self.lengths)
        positions: NDArray[np.int64] = np.repeat(self.starts, self.lengths) + within
        return positions

    def forward(self, labels: Labels) -> None:
        """Do the change in `labels` (I, J, K, contiguous), in place; JournalError if they do not fit."""
        self._swap(labels, self.before, self.after)

    def backward(self, labels: Labels) -> None:
        """Take the change back, in place; JournalError if the labels do not fit."""
        self._swap(labels, self.after, self.before)

    def _swap(self, labels: Labels, old: Labels, new: Labels) -> None:
        flat = labels.reshape(-1)  # a view: the label map of a session is contiguous
        positions = self.positions
        if positions.size and (
            positions[0] < 0
            or positions[-1] >= flat.size
            or not np.array_equal(flat[positions], np.repeat(old, self.lengths))
        ):
            raise JournalError(
                "a change in the journal does not fit the label map; expected the one it was made on"
            )
        flat[positions] = np.repeat(new, self.lengths)

    def box(self, shape: tuple[int, int, int]) -> Box | None:
        """Return the smallest block with all changed voxels of a volume of `shape`; None without any."""
        if not self.starts.size:
            return None
        corners = [(int(axis.min()), int(axis.max()) + 1) for axis in np.unravel_index(self.positions, shape)]
        (i0, i1), (j0, j1), (k0, k1) = corners
        return Box(start=(i0, j0, k0), stop=(i1, j1, k1))

    def to_bytes(self) -> bytes:
        """Return the runs compressed; the inverse of `delta_from_bytes`."""
        gaps = np.diff(self.starts, prepend=0)
        parts = (
            gaps.astype("<u8"),
            self.lengths.astype("<u8"),
            self.before.astype("<u2"),
            self.after.astype("<u2"),
        )
        return zlib.compress(b"".join(part.tobytes() for part in parts), ZLIB_LEVEL)


def delta_from_bytes(data: bytes) -> LabelDelta:
    """Return the delta that `LabelDelta.to_bytes` wrote; JournalError if the bytes hold something else."""
    try:
        raw = zlib.decompress(data)
    except zlib.error as error:
        raise JournalError(f"a change of the label map cannot be read: {error}") from error
    count, rest = divmod(len(raw), _RUN_BYTES)
    if rest:
        raise JournalError(
            f"a change of the label map has {len(raw)} bytes, expected a multiple of {_RUN_BYTES}"
        )
    gaps = np.frombuffer(raw, "<u8", count)
    lengths = np.frombuffer(raw, "<u8", count, offset=8 * count)
    before, after = np.frombuffer(raw, "<u2", 2 * count, offset=16 * count).reshape(2, count)
    return LabelDelta(
        starts=np.cumsum(gaps.astype(np.int64)),
        lengths=lengths.astype(np.int64),
        before=before.astype(np.uint16),
        after=after.astype(np.uint16),
    )


def no_change() -> LabelDelta:
    """Return the delta of a command that leaves the voxels alone."""
    return _from_voxels(np.empty(0, np.int64), np.empty(0, np.uint16), np.empty(0, np.uint16))


def volume_delta(before: Labels, after: Labels) -> LabelDelta:
    """Return what differs between two label maps (I, J, K)."""
    old, new = before.reshape(-1), after.reshape(-1)
    positions = np.flatnonzero(old != new)
    return _from_voxels(positions, old[positions], new[positions])


def slice_delta(before: Labels, after: Labels, *, plane: Plane, shape: tuple[int, int, int]) -> LabelDelta:
    """Return what differs between two states (H, W) of one slice of a volume of `shape`."""
    rows, cols = np.nonzero(before != after)
    coordinates: list[AnyArray] = [np.full(rows.size, plane.index)] * 3
    row_axis, col_axis = IN_PLANE_AXES[plane.axis]
    coordinates[row_axis], coordinates[col_axis] = rows, cols
    i, j, k = coordinates
    positions = (i * shape[1] + j) * shape[2] + k
    return _from_voxels(positions, before[rows, cols], after[rows, cols])


def _from_voxels(positions: NDArray[np.int64], before: Labels, after: Labels) -> LabelDelta:
    """Join neighbouring voxels with equal values to runs; `positions` rise."""
    if not positions.size:
        none = np.empty(0, np.uint16)
        return LabelDelta(starts=positions, lengths=positions, before=none, after=none)
    is_break = (np.diff(positions) != 1) | (np.diff(before) != 0) | (np.diff(after) != 0)
    first = np.flatnonzero(np.concatenate([[True], is_break]))
    lengths = np.diff(first, append=positions.size)
    return LabelDelta(starts=positions[first], lengths=lengths, before=before[first], after=after[first])


def changed_slices(delta: LabelDelta, shape: tuple[int, int, int]) -> Iterator[tuple[int, int, int]]:
    """Yield (label, axis, index) of every object on every slice of whose voxels one came or went."""
    if not delta.starts.size:
        return
    before, after = np.repeat(delta.before, delta.lengths), np.repeat(delta.after, delta.lengths)
    columns = int(max(before.max(), after.max())) + 1
    for axis, coordinate in enumerate(np.unravel_index(delta.positions, shape)):
        is_changed = np.zeros((shape[axis], columns), bool)
        is_changed[coordinate, before] = True
        is_changed[coordinate, after] = True
        for index, label in np.argwhere(is_changed[:, 1:]):
            yield int(label) + 1, axis, int(index)
