"""Propagation methods and their registry: a new method is one class and one line here.

A method turns annotated slices into labels of all slices.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Protocol

import numpy as np

from isegformer.models.fusion import FusionNetwork
from isegformer.models.stcn import Stcn
from isegformer.propagation.annotations import check_annotations
from isegformer.propagation.config import PropagatorConfig
from isegformer.propagation.interpolate import interpolate_labels
from isegformer.propagation.propagator import Propagator
from isegformer.propagation.slices import SliceSource
from isegformer.types import CancelCallback, Labels, ProgressCallback


class PropagationMethod(Protocol):
    """Makes labels of all slices from those of some."""

    def propagate(
        self,
        slices: SliceSource,
        annotations: Mapping[int, Labels],
        *,
        on_progress: ProgressCallback | None = None,
        is_cancelled: CancelCallback | None = None,
    ) -> Labels:
        """Return labels uint16 (T, H, W); annotated slices are unchanged.

        When cancelled, slices that were not reached are background.

        Raises
        ------
        PropagationError : annotations that cannot be propagated
        ShapeMismatchError : labels of another shape than the slices
        """
        ...


class StcnPropagation:
    """Propagation with the STCN network; all annotated slices in one round."""

    def __init__(
        self, network: Stcn, fusion: FusionNetwork | None = None, *, config: PropagatorConfig | None = None
    ) -> None:
        self._network = network
        self._fusion = fusion
        self._config = config

    def start(self, slices: SliceSource) -> Propagator:
        """Return a propagator for work in rounds on these slices."""
        return Propagator(self._network, slices, fusion=self._fusion, config=self._config)

    def propagate(
        self,
        slices: SliceSource,
        annotations: Mapping[int, Labels],
        *,
        on_progress: ProgressCallback | None = None,
        is_cancelled: CancelCallback | None = None,
    ) -> Labels:
        """Return labels uint16 (T, H, W); see `PropagationMethod.propagate`."""
        with self.start(slices) as propagator:
            propagator.run_round(annotations, on_progress=on_progress, is_cancelled=is_cancelled)
            return propagator.all_labels()


class ShapeInterpolation:
    """Interpolation of shapes between annotated slices; see `isegformer.propagation.interpolate`."""

    def propagate(
        self,
        slices: SliceSource,
        annotations: Mapping[int, Labels],
        *,
        on_progress: ProgressCallback | None = None,
        is_cancelled: CancelCallback | None = None,
    ) -> Labels:
        """Return labels uint16 (T, H, W); see `PropagationMethod.propagate`."""
        checked = check_annotations(annotations, n_slices=len(slices), shape=slices.shape)
        result = np.zeros((len(slices), *slices.shape), dtype=np.uint16)
        for index, labels in checked.items():
            result[index] = labels
        indices = list(checked)
        total, done = indices[-1] - indices[0] + 1 - len(indices), 0
        for first, second in pairwise(indices):
            between = range(first + 1, second)
            shares = [(index - first) / (second - first) for index in between]
            slices_between = interpolate_labels(checked[first], checked[second], shares=shares)
            for index in between:
                if is_cancelled is not None and is_cancelled():
                    return result
                result[index] = next(slices_between)
                done += 1
                if on_progress is not None:
                    on_progress(done, total)
        return result


PROPAGATION_METHODS: dict[str, type[PropagationMethod]] = {
    "stcn": StcnPropagation,
    "interpolate": ShapeInterpolation,
}
"""Methods by the name that users give."""
