"""Propagation through a volume, across any of its axes."""

from collections.abc import Mapping

import numpy as np

from isegformer.propagation.earlier import EarlierResult, across
from isegformer.propagation.evidence import EvidenceCallback
from isegformer.propagation.methods import PropagationMethod
from isegformer.propagation.slices import VolumeSlices
from isegformer.types import CancelCallback, Labels, ProgressCallback, SliceCallback
from isegformer.volume.intensity import Window
from isegformer.volume.volume import Volume


def propagate_volume(
    volume: Volume,
    annotations: Mapping[int, Labels],
    *,
    axis: int,
    method: PropagationMethod,
    window: Window,
    earlier: EarlierResult | None = None,
    on_progress: ProgressCallback | None = None,
    is_cancelled: CancelCallback | None = None,
    on_slice: SliceCallback | None = None,
    on_evidence: EvidenceCallback | None = None,
) -> Labels:
    """Return labels uint16 (I, J, K) of the whole volume from those of some slices.

    Parameters
    ----------
    volume : grey or RGB; slices are taken from it one at a time
    annotations : uint16 labels (H, W) of all annotated slices by index along `axis`, those of earlier rounds
        too; rows and columns as in `slicing.plane`
    axis : across which slices were annotated, 0, 1 or 2
    method : see `PROPAGATION_METHODS`
    window : intensities that become 0 and 1; for RGB usually 0 and 255
    earlier : what earlier rounds across the same axis with the same method left, with labels uint16
        (I, J, K): only slices between newly annotated ones and their neighbours may then differ from it.
        Methods without rounds ignore it.
    on_progress : called after each predicted slice
    is_cancelled : asked before each slice; True ends the work with the slices done so far, the others as in
        `earlier` or background
    on_slice : given the labels (H, W) of each slice as soon as it has a result
    on_evidence : told what the network saw of each object on every slice that it predicted, at the end; see
        `SliceEvidence`. Methods without a network never call it; the result does not depend on it.

    Raises
    ------
    PropagationError : annotations that cannot be propagated
    ScratchError : no room for temporary files
    ShapeMismatchError : labels of another shape than the slices
    GeometryError : an axis that is not 0, 1 or 2
    """
    slices = VolumeSlices(volume, axis=axis, window=window)
    stack = method.propagate(
        slices,
        annotations,
        earlier=None if earlier is None else across(earlier, axis),
        on_progress=on_progress,
        is_cancelled=is_cancelled,
        on_slice=on_slice,
        on_evidence=on_evidence,
    )
    return np.moveaxis(stack, 0, axis)
