"""Slices to compare answers on: a real one in several sizes, none of them the traced one."""

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from skimage.data import shepp_logan_phantom
from torch import Tensor

from isegformer.errors import ShapeMismatchError
from isegformer.types import FloatArray

TRACED_SIZE = (96, 128)
"""(height, width) in px that networks are traced with."""

CHECKED_SIZES = ((83, 117), (208, 145), (256, 256))
"""Further sizes that are tried, rounded down to what a network takes."""

LONGEST_SIDE_PX = 512
"""Larger slices are not tried in their own size, which would take as long as a hundred clicks."""


def head_phantom() -> FloatArray:
    """Return a head in a CT scanner, as far as ellipses draw one; float32 (400, 400) in [0, 1].

    Source: Shepp and Logan 1974, "The Fourier reconstruction of a head section"; drawn by scikit-image.
    """
    drawn = shepp_logan_phantom()  # type: ignore[no-untyped-call]  # scikit-image has no types here
    return np.asarray(drawn, dtype=np.float32)


def sized_slices(image: FloatArray, *, multiple: int) -> Iterator[Tensor]:
    """Yield a slice (H, W) in [0, 1] in every size to be tried, its own first if it is not too large.

    Parameters
    ----------
    multiple : heights and widths are rounded down to multiples of it, but not to 0

    Raises
    ------
    ShapeMismatchError : not a grey slice, or an empty one
    """
    if image.ndim != 2 or 0 in image.shape:
        raise ShapeMismatchError(f"slice has shape {image.shape}, expected (H, W), not empty")
    own = [(image.shape[0], image.shape[1])] if max(image.shape) <= LONGEST_SIDE_PX else []
    for size in (*own, *CHECKED_SIZES):
        yield resized(image, size=size, multiple=multiple)


def resized(image: FloatArray, *, size: tuple[int, int], multiple: int) -> Tensor:
    """Return a slice in the size that is nearest below `size`, float32 (height, width)."""
    rounded = tuple(max(multiple, length // multiple * multiple) for length in size)
    tensor = torch.from_numpy(np.ascontiguousarray(image, dtype=np.float32))[None, None]
    return F.interpolate(tensor, size=rounded, mode="bilinear", align_corners=False)[0, 0]
