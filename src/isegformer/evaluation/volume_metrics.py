"""How good is the mask of an object in a volume? Overlap and surfaces of the whole, and Dice of each slice.

A metric without a meaning for two masks is None and takes no part in means; reports count how often.

================  ================  =============  ============  ==================
metric            prediction empty  target empty   both empty    unit
================  ================  =============  ============  ==================
dice, iou         0                 0              1             share
sensitivity       0                 None           None          share of the target
ppv               None              0              None          share of the prediction
assd_mm, hd95_mm  None              None           None          mm
nsd               0                 0              None          share of the surfaces
================  ================  =============  ============  ==================
"""

import numpy as np

from isegformer.evaluation.overlap import check_same_shape, dice, iou
from isegformer.evaluation.surface import DEFAULT_TOLERANCE_MM, surface_agreement
from isegformer.slicing.plane import check_axis
from isegformer.types import Mask

METRICS = ("dice", "iou", "sensitivity", "ppv", "assd_mm", "hd95_mm", "nsd")
"""Names, in the order of reports."""


def volume_metrics(
    prediction: Mask,
    target: Mask,
    *,
    spacing_mm: tuple[float, float, float],
    tolerance_mm: float = DEFAULT_TOLERANCE_MM,
) -> dict[str, float | None]:
    """Return every metric in METRICS of an object by name.

    Parameters and errors as in `surface.surface_agreement`.
    """
    surfaces = surface_agreement(prediction, target, spacing_mm=spacing_mm, tolerance_mm=tolerance_mm)
    values = {
        "dice": dice(prediction, target),
        "iou": iou(prediction, target),
        "sensitivity": sensitivity(prediction, target),
        "ppv": positive_predictive_value(prediction, target),
        "assd_mm": surfaces.assd_mm,
        "hd95_mm": surfaces.hd95_mm,
        "nsd": surfaces.nsd,
    }
    return {name: None if value is None else float(value) for name, value in values.items()}  # no numpy types


def sensitivity(prediction: Mask, target: Mask) -> float | None:
    """Return the share of the target that was found; None if the target is empty.

    Parameters and errors as in `overlap.iou`.

    Examples
    --------
    >>> sensitivity(np.array([[True, False, False]]), np.array([[True, True, False]]))
    0.5
    """
    check_same_shape(prediction, target)
    n_target = np.count_nonzero(target)
    return None if n_target == 0 else float(np.count_nonzero(prediction & target) / n_target)


def positive_predictive_value(prediction: Mask, target: Mask) -> float | None:
    """Return the share of the prediction that is right; None if the prediction is empty.

    Parameters and errors as in `overlap.iou`.

    Examples
    --------
    >>> positive_predictive_value(np.array([[True, True, False]]), np.array([[True, False, False]]))
    0.5
    """
    return sensitivity(target, prediction)


def slice_dice(prediction: Mask, target: Mask, *, axis: int) -> tuple[float, ...]:
    """Return the Dice of every slice across `axis`; 1.0 where both are empty.

    Parameters
    ----------
    prediction, target : bool, (I, J, K)

    Raises
    ------
    ShapeMismatchError : the shapes differ
    GeometryError : an axis that is not 0, 1 or 2
    """
    check_axis(axis)
    check_same_shape(prediction, target)
    others = tuple(other for other in range(3) if other != axis)
    shared = np.count_nonzero(prediction & target, axis=others)
    total = np.count_nonzero(prediction, axis=others) + np.count_nonzero(target, axis=others)
    share = np.divide(2 * shared, total, out=np.ones(len(total)), where=total > 0)
    return tuple(float(value) for value in share)
