"""Propagation through a volume, across any of its axes."""

from collections.abc import Mapping

import numpy as np

from isegformer.propagation.methods import PropagationMethod
from isegformer.propagation.slices import VolumeSlices
from isegformer.types import CancelCallback, Labels, ProgressCallback
from isegformer.volume.intensity import Window
from isegformer.volume.volume import Volume


def propagate_volume(
    volume: Volume,
    annotations: Mapping[int, Labels],
    *,
    axis: int,
    method: PropagationMethod,
    window: Window,
    on_progress: ProgressCallback | None = None,
    is_cancelled: CancelCallback | None = None,
) -> Labels:
    """Return labels uint16 (I, J, K) of the whole volume from those of some slices.

    Parameters
    ----------
    volume : grey or RGB; slices are taken from it one at a time
    annotations : uint16 labels (H, W) by slice index along `axis`; rows and columns as in `slicing.plane`
    axis : across which slices were annotated, 0, 1 or 2
    method : see `PROPAGATION_METHODS`
    window : intensities of grey volumes that become 0 and 1
    on_progress : called after each predicted slice
    is_cancelled : asked before each slice; True ends the work with the slices done so far

    Raises
    ------
    PropagationError : annotations that cannot be propagated
    ShapeMismatchError : labels of another shape than the slices
    GeometryError : an axis that is not 0, 1 or 2
    """
    slices = VolumeSlices(volume, axis=axis, window=window)
    stack = method.propagate(slices, annotations, on_progress=on_progress, is_cancelled=is_cancelled)
    return np.ascontiguousarray(np.moveaxis(stack, 0, axis))
