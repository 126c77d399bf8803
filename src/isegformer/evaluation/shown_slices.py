"""The few slices of a result that a report shows, kept in its record as compressed bits.

To fill a volume once more for a picture takes as long as it took to measure it, and a robot user works for
minutes; two masks of a slice are some hundred bytes.
"""

import base64
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from isegformer.clicks import Click
from isegformer.errors import DatasetError
from isegformer.evaluation.records import ShownSlice, VolumeRecord
from isegformer.session import PackedArray
from isegformer.slicing import Plane, slice_view
from isegformer.slicing.plane import slice_shape
from isegformer.types import Mask

NO_CLICKS: Mapping[int, tuple[Click, ...]] = MappingProxyType({})


def shown_slices(
    mask: Mask,
    target: Mask,
    *,
    axis: int,
    slice_dice: Sequence[float],
    clicks: Mapping[int, tuple[Click, ...]] = NO_CLICKS,
) -> tuple[ShownSlice, ...]:
    """Return the worst slice and the middle one of the object; one slice if it is both or all are right.

    Parameters
    ----------
    mask, target : bool (I, J, K), the result and the object, which is not empty
    slice_dice : of every slice across `axis`; of slices with the same Dice, that with the most wrong pixels
        is the worst
    clicks : by index, on slices that were clicked
    """
    others = tuple(other for other in range(3) if other != axis)
    present = np.flatnonzero(target.any(axis=others))
    wrong = np.count_nonzero(mask != target, axis=others)
    worst = min(range(len(slice_dice)), key=lambda index: (slice_dice[index], -wrong[index]))
    middle = int(present[len(present) // 2])
    return tuple(
        ShownSlice(
            index=index,
            mask=_packed(slice_view(mask, Plane(axis=axis, index=index))),
            clicks=clicks.get(index, ()),
        )
        for index in ([worst] if wrong[worst] and worst != middle else []) + [middle]
    )


def shown_mask(record: VolumeRecord, shown: ShownSlice) -> Mask:
    """Return the mask of a slice of a record, bool (H, W); DatasetError where it is damaged."""
    shape = slice_shape(record.shape, record.axis)
    try:
        data = base64.b64decode(shown.mask, validate=True)
        mask: Mask = PackedArray(shape=shape, dtype="bool", data=data).unpack()
    except ValueError as error:
        raise DatasetError(f"slice {shown.index} of a record is damaged: {error}; measure it anew") from error
    return mask


def _packed(mask: Mask) -> str:
    return base64.b64encode(PackedArray.pack(np.ascontiguousarray(mask)).data).decode("ascii")
