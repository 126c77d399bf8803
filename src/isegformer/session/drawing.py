"""Who may take which voxel: locks, accepted slices and the overlap rule, for slices and volumes alike."""

from collections.abc import Collection

import numpy as np

from isegformer.session.label_delta import LabelDelta, delta_of_slices
from isegformer.session.objects import MAX_LABEL, OverlapRule
from isegformer.session.sheet import Sheet
from isegformer.slicing.plane import IN_PLANE_AXES, Plane, slice_view
from isegformer.types import Labels, Mask


def draw_labels(
    current: Labels, drawn: Labels, *, labels: tuple[int, ...], protected: Mask, rule: OverlapRule
) -> Labels:
    """Return `current` with the objects `labels` replaced by what `drawn` says of them.

    `current`, `drawn` and the result are uint16, all (H, W) or all (I, J, K); `protected` is bool of that
    shape and True where nothing may change. Values of `drawn` that are not in `labels` are background. `rule`
    decides about voxels that objects outside `labels` hold. `current` is not changed.
    """
    is_free = ~protected
    result = current.copy()
    result[is_free & has_label(current, labels)] = 0
    is_wanted = is_free & has_label(drawn, labels)
    if rule is OverlapRule.KEEP_EXISTING:
        is_wanted &= result == 0
    np.copyto(result, drawn, where=is_wanted)
    return result


def has_label(array: Labels, labels: tuple[int, ...]) -> Mask:
    """Return True, in the shape of `array`, where it holds one of `labels`; 0 is never one."""
    table = np.zeros(MAX_LABEL + 1, bool)
    table[list(labels)] = True
    table[0] = False
    found: Mask = table[array]
    return found


def protected_on_slice(labels: Labels, *, plane: Plane, sheet: Sheet) -> Mask:
    """Return where nothing may change on a slice with `labels` (H, W).

    That is where locked objects are, and the rows and columns in which accepted slices across the other axes
    cross this one.
    """
    protected = has_label(labels, sheet.locked_labels)
    row_axis, col_axis = IN_PLANE_AXES[plane.axis]
    for accepted in sheet.accepted:
        if accepted == plane:
            protected[:] = True
        elif accepted.axis == row_axis:
            protected[accepted.index] = True
        elif accepted.axis == col_axis:
            protected[:, accepted.index] = True
    return protected


def draw_volume(
    current: Labels, drawn: Labels, *, labels: tuple[int, ...], sheet: Sheet, accepted: Collection[Plane]
) -> LabelDelta:
    """Return what changes in `current` if the objects `labels` are replaced by what `drawn` says of them.

    Locked objects of the sheet and the slices `accepted` stay as they are.

    Parameters
    ----------
    current : uint16 (I, J, K)
    drawn : of the same shape, any whole numbers from 0 to 65535
    accepted : slices that were accepted and may not change
    """

    def replaced(first: int, slices: Labels) -> Labels:
        return draw_labels(
            slices,
            drawn[:, :, first : first + slices.shape[2]].astype(np.uint16, copy=False),
            labels=labels,
            protected=_protected(slices, first=first, locked=sheet.locked_labels, accepted=accepted),
            rule=sheet.settings.overlap_rule,
        )

    return delta_of_slices(current, replaced)


def _protected(labels: Labels, *, first: int, locked: tuple[int, ...], accepted: Collection[Plane]) -> Mask:
    """Return where nothing may change in some slices of a volume, `labels` (I, J, k), from `first` on."""
    protected = has_label(labels, locked)
    for plane in accepted:
        if plane.axis != 2:
            slice_view(protected, plane)[...] = True
        elif 0 <= plane.index - first < labels.shape[2]:
            protected[:, :, plane.index - first] = True
    return protected
