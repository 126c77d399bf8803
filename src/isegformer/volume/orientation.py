"""Orientation: names for the axes of a grid, and the one place where LPS becomes RAS."""

from itertools import permutations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_CODES = (("L", "R"), ("P", "A"), ("I", "S"))
"""For each world axis: the side towards which it falls and rises."""


def flip_lps_ras(affine: ArrayLike) -> NDArray[np.float64]:
    """Change the world frame of an affine (4, 4) from LPS+ to RAS+ or back.

    DICOM and ITK count towards left, posterior, superior; NIfTI and this package towards right, anterior,
    superior. The first two world coordinates change sign.
    """
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ np.asarray(affine, dtype=np.float64)


def axis_codes(affine: ArrayLike) -> tuple[str, str, str]:
    """Return the side of the patient towards which i, j and k grow, such as ("R", "A", "S").

    For oblique grids each world axis is given to one voxel axis so that the cosines add up to the most.

    Parameters
    ----------
    affine : (4, 4) voxel -> RAS+ mm, invertible

    Examples
    --------
    >>> axis_codes(np.diag([-1, 2, 3, 1]))
    ('L', 'A', 'S')
    """
    columns = np.asarray(affine, dtype=np.float64)[:3, :3]
    cosines = columns / np.linalg.norm(columns, axis=0)
    order = max(permutations(range(3)), key=lambda axes: sum(abs(cosines[axes[a], a]) for a in range(3)))
    i, j, k = (_CODES[world][int(cosines[world, axis] > 0)] for axis, world in enumerate(order))
    return i, j, k
