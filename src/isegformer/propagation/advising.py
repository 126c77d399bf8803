"""A propagation for sessions that can say afterwards which slice to annotate next."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

import numpy as np

from isegformer.propagation.earlier import EarlierResult
from isegformer.propagation.evidence import EvidenceLog
from isegformer.propagation.methods import PropagationMethod
from isegformer.propagation.suggestion import MOST_SUGGESTIONS, Advice, advise
from isegformer.propagation.volume_propagation import propagate_volume
from isegformer.slicing.plane import IN_PLANE_AXES
from isegformer.types import CancelCallback, Labels, ProgressCallback, SliceCallback
from isegformer.volume.geometry import Geometry
from isegformer.volume.intensity import Window
from isegformer.volume.volume import Volume


class AdvisingPropagation:
    """`propagate_volume` with one method and a memory of what it saw, for one volume.

    It is called as a session calls its propagations. Evidence of earlier rounds stays as long as rounds go on
    from each other; a round that was cancelled leaves none. It is forgotten with the object, unless whoever
    keeps it elsewhere gives it back with `recall`: without evidence advice comes from shapes and distances.
    """

    def __init__(self, method: PropagationMethod) -> None:
        self._method = method
        self._logs: dict[int, EvidenceLog] = {}

    def __call__(
        self,
        volume: Volume,
        annotations: Mapping[int, Labels],
        *,
        axis: int,
        window: Window,
        earlier: EarlierResult | None = None,
        on_progress: ProgressCallback | None = None,
        is_cancelled: CancelCallback | None = None,
        on_slice: SliceCallback | None = None,
    ) -> Labels:
        """Return labels uint16 (I, J, K); see `propagate_volume`."""
        log = EvidenceLog() if earlier is None else self.evidence(axis).copy()
        result = propagate_volume(
            volume,
            annotations,
            axis=axis,
            method=self._method,
            window=window,
            earlier=earlier,
            on_progress=on_progress,
            is_cancelled=is_cancelled,
            on_slice=on_slice,
            on_evidence=log,
        )
        if is_cancelled is None or not is_cancelled():
            self._logs[axis] = log
        return result

    def evidence(self, axis: int) -> EvidenceLog:
        """Return what the last rounds across an axis saw; empty if there were none."""
        return self._logs.get(axis, EvidenceLog())

    def recall(self, axis: int, log: EvidenceLog) -> None:
        """Take back what the last rounds across an axis saw, as `evidence` gave it."""
        self._logs[axis] = log

    def advice(
        self,
        labels: Labels,
        *,
        axis: int,
        annotated: Collection[int],
        geometry: Geometry,
        extents: Mapping[int, tuple[int, int]] = MappingProxyType({}),
        most: int = MOST_SUGGESTIONS,
    ) -> Advice:
        """Return advice on the label map (I, J, K) of the volume; see `advise`.

        Parameters
        ----------
        annotated : indices across `axis`
        geometry : of the volume; says how far slices are apart
        """
        return advise(
            np.moveaxis(labels, axis, 0),
            annotated=annotated,
            evidence=self.evidence(axis),
            step_px=step_px(geometry, axis=axis),
            extents=extents,
            most=most,
        )


def step_px(geometry: Geometry, *, axis: int) -> float:
    """Return the distance between two slices across `axis` over the side of a pixel.

    The side of a pixel that is not square is the geometric mean of both.
    """
    spacing_mm = geometry.spacing_mm
    row_axis, col_axis = IN_PLANE_AXES[axis]
    return spacing_mm[axis] / float(np.sqrt(spacing_mm[row_axis] * spacing_mm[col_axis]))
