"""What the user drew: checks on annotated slices."""

from collections.abc import Mapping

import numpy as np

from isegformer.errors import PropagationError, ShapeMismatchError
from isegformer.types import Labels


def check_annotations(
    annotations: Mapping[int, Labels], *, n_slices: int, shape: tuple[int, int]
) -> dict[int, Labels]:
    """Return copies of annotated slices in ascending order.

    Parameters
    ----------
    annotations : uint16 labels (H, W) by slice index; an absent label says that the object is not there
    n_slices : number of slices of the volume
    shape : (H, W) of the slices

    Raises
    ------
    PropagationError : there are none, an index lies outside the volume, or labels are not whole numbers
        from 0 to 65535
    ShapeMismatchError : labels of another shape than the slices
    """
    if not annotations:
        raise PropagationError("no annotated slices, expected at least one; draw an object on a slice first")
    return {
        int(index): _checked(labels, index=index, n_slices=n_slices, shape=shape)
        for index, labels in sorted(annotations.items())
    }


def objects_in(annotations: Mapping[int, Labels]) -> list[int]:
    """Return the labels of all objects on slices, uint16 (H, W) by index, ascending, without background."""
    is_there = np.zeros(np.iinfo(np.uint16).max + 1, dtype=bool)
    for labels in annotations.values():
        is_there[labels] = True  # ten times as fast as sorting the pixels of each slice
    return [int(label) for label in np.flatnonzero(is_there[1:]) + 1]


def _checked(labels: Labels, *, index: int, n_slices: int, shape: tuple[int, int]) -> Labels:
    if not 0 <= index < n_slices:
        raise PropagationError(f"annotated slice {index}, expected 0 to {n_slices - 1}")
    if labels.shape != shape:
        raise ShapeMismatchError(f"labels of slice {index} have shape {labels.shape}, expected {shape}")
    is_whole = np.issubdtype(labels.dtype, np.integer) or labels.dtype == np.bool_
    if not is_whole or (labels.size and (labels.min() < 0 or labels.max() > np.iinfo(np.uint16).max)):
        raise PropagationError(
            f"labels of slice {index} have dtype {labels.dtype} and lie in {labels.min()} to {labels.max()}, "
            "expected whole numbers from 0 to 65535"
        )
    return np.array(labels, dtype=np.uint16)
