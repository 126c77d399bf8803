"""How far apart are the surfaces of two masks, in mm? Computed by MONAI; needs the extra `evaluate`.

What MONAI does; the tests of this module show it:

- Distances: the surface of a mask is its voxels with a face towards another one, or towards the outside of
  the volume. Each has one distance, from its centre to the nearest centre on the other surface; large and
  small faces count the same.
- ASSD is the mean of all distances, of both surfaces together. HD95 is the larger of the two 95th
  percentiles, one for each surface, interpolated linearly; others take the percentile of all distances
  together, which is smaller.
- Normalised surface Dice is the share of both surfaces that lies within a tolerance of the other one. Here
  surfaces are triangles between voxel centres, weighted with their area in mm2, so that uneven spacing is
  respected.

Source: MONAI, `monai.metrics`; Nikolov et al. 2018 (arXiv 1809.04430) for surface Dice and its areas.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from monai.metrics.hausdorff_distance import compute_hausdorff_distance
from monai.metrics.surface_dice import compute_surface_dice
from monai.metrics.surface_distance import compute_average_surface_distance

from isegformer.errors import ConfigError
from isegformer.evaluation.overlap import check_same_shape
from isegformer.types import Mask

PERCENTILE = 95
"""Of the distances; the largest alone would be one voxel's."""

DEFAULT_TOLERANCE_MM = 1.0
"""How far surfaces may lie apart and still agree."""

MARGIN_VOX = 1
"""Left around both masks when they are cut out: the outside of a surface."""


@dataclass(frozen=True, kw_only=True)
class SurfaceAgreement:
    """How well two surfaces agree; None where that is not defined."""

    assd_mm: float | None
    """Average symmetric surface distance; None if a mask is empty."""
    hd95_mm: float | None
    """95th percentile of the Hausdorff distance; None if a mask is empty."""
    nsd: float | None
    """Normalised surface Dice, in [0, 1]; 0 if one mask is empty, None if both are."""


def surface_agreement(
    prediction: Mask,
    target: Mask,
    *,
    spacing_mm: tuple[float, float, float],
    tolerance_mm: float = DEFAULT_TOLERANCE_MM,
) -> SurfaceAgreement:
    """Return how well the surfaces of two masks agree.

    Parameters
    ----------
    prediction, target : bool, (I, J, K)
    spacing_mm : between voxel centres along i, j, k
    tolerance_mm : how far surfaces may lie apart and still agree, for the normalised surface Dice; at least 0

    Raises
    ------
    ShapeMismatchError : the shapes differ
    ConfigError : a tolerance below 0
    """
    check_same_shape(prediction, target)
    if not 0 <= tolerance_mm < np.inf:
        raise ConfigError(f"tolerance is {tolerance_mm} mm, expected a number of at least 0")
    if not (prediction.any() and target.any()):
        is_one_empty = bool(prediction.any() or target.any())
        return SurfaceAgreement(assd_mm=None, hd95_mm=None, nsd=0.0 if is_one_empty else None)
    box = box_around(prediction | target, margin_vox=MARGIN_VOX)
    one, other = (
        torch.from_numpy(np.ascontiguousarray(mask[box]))[None, None] for mask in (prediction, target)
    )  # (1, 1, i, j, k): MONAI expects batch and class
    with _quiet_monai():
        assd = compute_average_surface_distance(
            one, other, include_background=True, symmetric=True, spacing=spacing_mm
        )
        hd95 = compute_hausdorff_distance(
            one, other, include_background=True, percentile=PERCENTILE, spacing=spacing_mm
        )
        nsd = compute_surface_dice(
            one,
            other,
            [tolerance_mm],
            include_background=True,
            spacing=spacing_mm,
            use_subvoxels=True,
        )
    return SurfaceAgreement(assd_mm=assd.item(), hd95_mm=hd95.item(), nsd=nsd.item())


def box_around(mask: Mask, *, margin_vox: int) -> tuple[slice, ...]:
    """Return the smallest box around a mask that is not empty, wider by a margin but within the array."""
    box = []
    for axis, length in enumerate(mask.shape):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        held = np.flatnonzero(mask.any(axis=others))
        box.append(slice(max(0, int(held[0]) - margin_vox), min(length, int(held[-1]) + 1 + margin_vox)))
    return tuple(box)


@contextmanager
def _quiet_monai() -> Iterator[None]:
    """Hide a warning that MONAI gives about its own code."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*always_return_as_numpy", category=FutureWarning)
        yield
