"""Shape interpolation between annotated slices by signed distances; needs no training and no image.

Each object is handled alone. Between two annotated slices that both have the object, the signed distance to
its border is interpolated linearly. Where only one of the two has it, the object shrinks away: its signed
distance falls linearly so that its deepest point reaches zero at the other slice. Beyond the outermost
annotated slices there is nothing. Where two objects claim a pixel, the one that is deeper inside wins, then
the lower label.

Source: Raya and Udupa, "Shape-based interpolation of multidimensional objects", IEEE TMI 1990.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.ndimage import distance_transform_edt

from isegformer.types import FloatArray, Labels, Mask


def signed_distance(mask: Mask) -> FloatArray:
    """Return the distance in px to the border between pixel centres: positive inside, negative outside.

    The border lies half way between an inner and an outer pixel. Beyond the slice there is no object. An
    empty mask has no border: minus infinity.

    Parameters
    ----------
    mask : bool (H, W)
    """
    if not mask.any():
        return np.full(mask.shape, -np.inf, dtype=np.float32)
    padded = np.pad(mask, 1)
    inside = distance_transform_edt(padded)[1:-1, 1:-1]
    outside = distance_transform_edt(~padded)[1:-1, 1:-1]
    signed = np.where(mask, inside - 0.5, 0.5 - outside)
    return np.asarray(signed, dtype=np.float32)


def interpolated_distance(first: FloatArray, second: FloatArray, *, share: float) -> FloatArray:
    """Return the signed distance at a share of the way from one slice to the other, both (H, W).

    Parameters
    ----------
    first, second : signed distances; minus infinity where the object is absent
    share : 0 at the first slice, 1 at the second
    """
    is_first, is_second = np.isfinite(first).all(), np.isfinite(second).all()
    if is_first and is_second:
        return np.float32(1 - share) * first + np.float32(share) * second
    if is_first:
        return np.asarray(first - share * float(first.max()), dtype=np.float32)
    if is_second:
        return np.asarray(second - (1 - share) * float(second.max()), dtype=np.float32)
    return first


def interpolate_labels(first: Labels, second: Labels, *, shares: Sequence[float]) -> Iterator[Labels]:
    """Yield labels uint16 (H, W) at each share of the way between two annotated slices, ends excluded."""
    objects = sorted({int(label) for label in np.union1d(first, second)} - {0})
    ends = [(signed_distance(first == label), signed_distance(second == label)) for label in objects]
    table = np.asarray([0, *objects], dtype=np.uint16)
    for share in shares:
        depth = np.stack(
            [
                np.zeros(first.shape, dtype=np.float32),
                *(interpolated_distance(one, other, share=share) for one, other in ends),
            ]
        )
        yield table[depth.argmax(axis=0)]  # the background's depth is 0: only inside counts
