"""What a command changed in the label map: runs of voxels, with their values before and after."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from isegformer import scratch
from isegformer.errors import JournalError
from isegformer.scratch import Order
from isegformer.session.packed_array import ZLIB_LEVEL
from isegformer.slicing.plane import IN_PLANE_AXES, Plane
from isegformer.types import AnyArray, Labels

BLOCK_VOXELS = 1 << 15
"""Changed voxels that are looked at one by one at the same time; takes about 1 MB."""

_RUN_BYTES = 20
"""Two u8 (gap to the run's start, length) and two u2 (before, after)."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A half-open block of voxels, (i, j, k) from `start` up to `stop`."""

    start: tuple[int, int, int]
    stop: tuple[int, int, int]

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """The box as an index of an array (I, J, K)."""
        (i0, j0, k0), (i1, j1, k1) = self.start, self.stop
        return slice(i0, i1), slice(j0, j1), slice(k0, k1)


@dataclass(frozen=True, kw_only=True, eq=False)
class VoxelBlock:
    """Some of the changed voxels; all arrays have one entry per voxel."""

    positions: NDArray[np.int64]
    """Indices in the order of the volume, the first axis fastest; rising."""
    before: Labels
    after: Labels


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelDelta:
    """Changed voxels as runs along the first axis of the volume; all arrays have one entry per run.

    That is the order in which volumes and label maps lie in memory, so that a change of some slices across
    the last axis touches the memory of these slices and no other.
    """

    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    before: Labels
    after: Labels

    def blocks(self) -> "Iterator[VoxelBlock]":
        """Yield all changed voxels in order, some at a time: their number does not show in the memory."""
        ends = np.cumsum(self.lengths)
        begins = ends - self.lengths
        total = int(ends[-1]) if ends.size else 0
        for first in range(0, total, BLOCK_VOXELS):
            last = min(first + BLOCK_VOXELS, total)
            runs = slice(
                int(np.searchsorted(ends, first, side="right")), int(np.searchsorted(ends, last)) + 1
            )
            counts = np.minimum(ends[runs], last) - np.maximum(begins[runs], first)
            yield VoxelBlock(
                positions=np.repeat(self.starts[runs] - begins[runs], counts) + np.arange(first, last),
                before=np.repeat(self.before[runs], counts),
                after=np.repeat(self.after[runs], counts),
            )

    def is_same(self, other: "LabelDelta") -> bool:
        """Whether both are the same runs."""
        return all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("starts", "lengths", "before", "after")
        )

    def forward(self, labels: Labels) -> None:
        """Do the change in `labels` (I, J, K, Fortran order), in place; JournalError if they do not fit."""
        flat = self._checked(labels, self.before)
        for block in self.blocks():
            flat[block.positions] = block.after

    def backward(self, labels: Labels) -> None:
        """Take the change back, in place; JournalError if the labels do not fit."""
        flat = self._checked(labels, self.after)
        for block in self.blocks():
            flat[block.positions] = block.before

    def _checked(self, labels: Labels, expected: Labels) -> Labels:
        """Return `labels` in one row, a view, or raise JournalError unless the runs hold `expected`."""
        assert labels.flags.f_contiguous, "or what follows would change a copy"
        flat = labels.reshape(-1, order="F")
        as_expected = replace(self, before=expected)
        if self.starts.size and (
            self.starts[0] < 0
            or self.starts[-1] + self.lengths[-1] > flat.size
            or not all(np.array_equal(flat[block.positions], block.before) for block in as_expected.blocks())
        ):
            raise JournalError(
                "a change in the journal does not fit the label map; expected the one it was made on"
            )
        return flat

    def box(self, shape: tuple[int, int, int]) -> Box | None:
        """Return the smallest block with all changed voxels of a volume of `shape`; None without any."""
        if not self.starts.size:
            return None
        is_changed = [np.zeros(length, bool) for length in shape]
        for block in self.blocks():
            for axis, coordinate in enumerate(np.unravel_index(block.positions, shape, order="F")):
                is_changed[axis][coordinate] = True
        corners = [(int(found[0]), int(found[-1]) + 1) for found in map(np.flatnonzero, is_changed)]
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


def reordered(delta: LabelDelta, shape: tuple[int, int, int], *, old: Order, new: Order) -> LabelDelta:
    """Return a delta of a volume of `shape` whose indices count in another order of the axes."""
    blocks = list(delta.blocks())
    if not blocks:
        return delta
    coordinates = np.unravel_index(np.concatenate([block.positions for block in blocks]), shape, order=old)
    positions = np.ravel_multi_index(coordinates, shape, order=new)
    rising = np.argsort(positions)
    before, after = (
        np.concatenate([getattr(block, name) for block in blocks])[rising] for name in ("before", "after")
    )
    return _from_voxels(positions[rising], before, after)


def no_change() -> LabelDelta:
    """Return the delta of a command that leaves the voxels alone."""
    return _from_voxels(np.empty(0, np.int64), np.empty(0, np.uint16), np.empty(0, np.uint16))


def volume_delta(before: Labels, after: Labels) -> LabelDelta:
    """Return what differs between two label maps (I, J, K), at best in Fortran order."""
    old, new = before.reshape(-1, order="F"), after.reshape(-1, order="F")
    parts = []
    for first in range(0, old.size, BLOCK_VOXELS):
        block = slice(first, first + BLOCK_VOXELS)
        found = np.flatnonzero(old[block] != new[block])
        parts.append(_from_voxels(found + first, old[block][found], new[block][found]))
    return _joined(parts)


def delta_of_slices(labels: Labels, change: Callable[[int, Labels], Labels]) -> LabelDelta:
    """Return what differs in a label map (I, J, K) once it is changed, some slices (k) at a time.

    Nothing of the size of the volume is made.

    Parameters
    ----------
    change : from the index of a first slice and some slices (I, J, k), read only, to what becomes of them
    """
    slice_voxels = labels[:, :, 0].size
    parts = []
    for slices in scratch.parts(labels, axis=2):
        part = volume_delta(labels[:, :, slices], change(slices.start, labels[:, :, slices]))
        parts.append(replace(part, starts=part.starts + slices.start * slice_voxels))
    return _joined(parts)


def slice_delta(before: Labels, after: Labels, *, plane: Plane, shape: tuple[int, int, int]) -> LabelDelta:
    """Return what differs between two states (H, W) of one slice of a volume of `shape`."""
    rows, cols = np.nonzero(before != after)
    coordinates: list[AnyArray] = [np.full(rows.size, plane.index)] * 3
    row_axis, col_axis = IN_PLANE_AXES[plane.axis]
    coordinates[row_axis], coordinates[col_axis] = rows, cols
    i, j, k = coordinates
    positions = i + shape[0] * (j + shape[1] * k)
    rising = np.argsort(positions)
    rows, cols = rows[rising], cols[rising]
    return _from_voxels(positions[rising], before[rows, cols], after[rows, cols])


def _from_voxels(positions: NDArray[np.int64], before: Labels, after: Labels) -> LabelDelta:
    """Join neighbouring voxels with equal values to runs; `positions` rise."""
    if not positions.size:
        none = np.empty(0, np.uint16)
        return LabelDelta(starts=positions, lengths=positions, before=none, after=none)
    is_break = (np.diff(positions) != 1) | (np.diff(before) != 0) | (np.diff(after) != 0)
    first = np.flatnonzero(np.concatenate([[True], is_break]))
    lengths = np.diff(first, append=positions.size)
    return LabelDelta(starts=positions[first], lengths=lengths, before=before[first], after=after[first])


def _joined(parts: Sequence[LabelDelta]) -> LabelDelta:
    """Return parts in rising order as one delta; runs that were cut between two parts become one again."""
    parts = [part for part in parts if part.starts.size]
    if not parts:
        return no_change()
    starts, lengths = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("starts", "lengths")
    )
    before, after = (np.concatenate([getattr(part, name) for part in parts]) for name in ("before", "after"))
    is_cut = starts[1:] == starts[:-1] + lengths[:-1]
    is_cut &= (before[1:] == before[:-1]) & (after[1:] == after[:-1])
    first = np.flatnonzero(np.concatenate([[True], ~is_cut]))
    return LabelDelta(
        starts=starts[first],
        lengths=np.add.reduceat(lengths, first),
        before=before[first],
        after=after[first],
    )


def changed_slices(delta: LabelDelta, shape: tuple[int, int, int]) -> Iterator[tuple[int, int, int]]:
    """Yield (label, axis, index) of every object on every slice of whose voxels one came or went."""
    labels = np.union1d(delta.before, delta.after)
    is_changed = [np.zeros((length, labels.size), bool) for length in shape]
    for block in delta.blocks():
        before, after = np.searchsorted(labels, block.before), np.searchsorted(labels, block.after)
        for axis, coordinate in enumerate(np.unravel_index(block.positions, shape, order="F")):
            is_changed[axis][coordinate, before] = True
            is_changed[axis][coordinate, after] = True
    for axis, found in enumerate(is_changed):
        for index, column in np.argwhere(found):
            if labels[column] != 0:
                yield int(labels[column]), axis, int(index)
