"""How far two masks agree."""

import numpy as np

from isegformer.errors import ShapeMismatchError
from isegformer.types import Mask


def iou(prediction: Mask, target: Mask, *, ignored: Mask | None = None) -> float:
    """Return intersection over union of two masks; two empty masks agree, so 1.0.

    Parameters
    ----------
    prediction, target : bool, (H, W) or (I, J, K), both the same
    ignored : bool, same shape, pixels that do not count; none by default

    Raises
    ------
    ShapeMismatchError : the shapes differ

    Source: Jaccard index.

    Examples
    --------
    >>> iou(np.array([[True, True, False]]), np.array([[True, False, False]]))
    0.5
    """
    check_same_shape(prediction, target)
    counted = np.ones_like(target) if ignored is None else ~ignored
    union = np.count_nonzero((prediction | target) & counted)
    return 1.0 if union == 0 else float(np.count_nonzero(prediction & target & counted) / union)


def dice(prediction: Mask, target: Mask) -> float:
    """Return twice the intersection over the sum of two masks; two empty masks agree, so 1.0.

    Parameters and errors as in `iou`.

    Examples
    --------
    >>> dice(np.array([[True, True, True]]), np.array([[True, False, False]]))
    0.5
    """
    check_same_shape(prediction, target)
    total = np.count_nonzero(prediction) + np.count_nonzero(target)
    return 1.0 if total == 0 else float(2 * np.count_nonzero(prediction & target) / total)


def check_same_shape(prediction: Mask, target: Mask) -> None:
    """Raise ShapeMismatchError unless the two masks have one shape."""
    if prediction.shape != target.shape:
        raise ShapeMismatchError(f"prediction has shape {prediction.shape}, expected {target.shape}")
