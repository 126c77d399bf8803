"""Masks, probabilities and labels of the objects on one slice.

Objects are named by their labels, always in ascending order.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from isegformer.types import Labels


def masks_of(labels: Labels, objects: Sequence[int]) -> NDArray[np.uint8]:
    """Return one mask for each object, 0 or 1; labels (H, W) -> (N, H, W)."""
    wanted = np.asarray(objects, dtype=np.uint16)[:, None, None]
    return np.asarray(labels[None] == wanted, dtype=np.uint8)


def sum_of_others(masks: Tensor) -> Tensor:
    """Return for each object the sum of all other objects' masks; (N, 1, H, W) -> the same shape."""
    total = masks.sum(dim=0, keepdim=True)
    return (total - masks).clamp(min=0)


def strongest(probability: Tensor) -> Tensor:
    """Return which of the objects is most probable: 0 for the background, n + 1 for object n.

    The background has the rest of the probability; where it ties with an object, or two objects tie, the
    first in order wins. (N, H, W) -> int64 (H, W).

    Parameters
    ----------
    probability : (N, H, W), of N competing objects, summing to at most 1
    """
    best, index = probability.max(dim=0)
    background = 1 - probability.sum(dim=0)
    return (index + 1) * (best > background)


def labels_of(probability: Tensor, objects: Sequence[int]) -> Labels:
    """Return the label of the most probable object at each pixel; (N, H, W) -> uint16 (H, W)."""
    table = np.asarray([0, *objects], dtype=np.uint16)
    return np.asarray(table[strongest(probability).cpu().numpy()], dtype=np.uint16)
