"""Who may take which voxel: locks, accepted slices and the overlap rule, for slices and volumes alike."""

import numpy as np

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


def protected_in_volume(labels: Labels, *, sheet: Sheet) -> Mask:
    """Return, bool (I, J, K), where nothing may change: in locked objects and on accepted slices."""
    protected = has_label(labels, sheet.locked_labels)
    for plane in sheet.accepted:
        slice_view(protected, plane)[...] = True
    return protected
