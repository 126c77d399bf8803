"""Which labels are objects."""

from collections.abc import Sequence

import numpy as np

from isegformer.errors import ConfigError
from isegformer.types import AnyArray, Labels


def select_objects(labels: AnyArray, groups: Sequence[Sequence[int]]) -> Labels:
    """Return labels in which every group is one object, with its first label, and all else background.

    Parameters
    ----------
    labels : integers, any shape
    groups : labels of each object, such as [[2], [4]] or [[1, 2, 4]]

    Examples
    --------
    >>> select_objects(np.array([0, 1, 2, 3, 4]), [[1, 4], [2]]).tolist()
    [0, 1, 2, 0, 1]
    """
    selected = np.zeros(labels.shape, np.uint16)
    for group in groups:
        selected[np.isin(labels, group)] = group[0]
    return selected


def check_groups(groups: Sequence[Sequence[int]]) -> None:
    """Raise ConfigError unless every group has labels from 1 to 65535 and no label occurs twice."""
    flat = [label for group in groups for label in group]
    if not groups or not all(groups) or not all(1 <= label <= 65535 for label in flat):
        raise ConfigError(f"label groups are {list(groups)}, expected lists of labels from 1 to 65535")
    if len(set(flat)) < len(flat):
        raise ConfigError(f"label groups are {list(groups)}, expected each label once")
