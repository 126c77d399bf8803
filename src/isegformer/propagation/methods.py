"""Propagation methods and their registry: a new method is one class and one line here.

A method turns annotated slices into labels of all slices. The command line offers the names in its own list
of options, which must not load networks to print its help: there a new method is one line more.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Protocol, TypeAlias

from isegformer.models.fusion import FusionNetwork
from isegformer.propagation.annotations import check_annotations
from isegformer.propagation.combined import ShapesAndNetwork
from isegformer.propagation.config import PropagatorConfig
from isegformer.propagation.earlier import EarlierResult, checked_earlier, new_annotations
from isegformer.propagation.evidence import EvidenceCallback, RoundWatch
from isegformer.propagation.finishing import FinisherMaker, NetworkAlone
from isegformer.propagation.interpolate import interpolate_labels
from isegformer.propagation.propagator import Propagator
from isegformer.propagation.slices import SliceSource
from isegformer.runtimes import PropagationEngine
from isegformer.types import CancelCallback, Labels, ProgressCallback, SliceCallback


class PropagationMethod(Protocol):
    """Makes labels of all slices from those of some."""

    def propagate(
        self,
        slices: SliceSource,
        annotations: Mapping[int, Labels],
        *,
        earlier: EarlierResult | None = None,
        on_progress: ProgressCallback | None = None,
        is_cancelled: CancelCallback | None = None,
        on_slice: SliceCallback | None = None,
        on_evidence: EvidenceCallback | None = None,
    ) -> Labels:
        """Return labels uint16 (T, H, W); annotated slices are unchanged.

        When cancelled, slices that were not reached are as before: background, or as in `earlier`.

        Parameters
        ----------
        annotations : labels (H, W) of all annotated slices by index, those of earlier rounds too
        earlier : what earlier rounds left, labels (T, H, W), for methods that work in rounds
        on_slice : given the labels of each slice as soon as it has a result
        on_evidence : told what the network saw on every slice that it predicted, at the end; methods
            without a network never call it. The result does not depend on it.

        Raises
        ------
        PropagationError : annotations that cannot be propagated
        ShapeMismatchError : labels of another shape than the slices
        """
        ...


class StcnPropagation:
    """Propagation with the STCN network; all newly annotated slices in one round.

    Parameters
    ----------
    finish : see `Propagator`
    """

    def __init__(
        self,
        network: PropagationEngine,
        fusion: FusionNetwork | None = None,
        *,
        config: PropagatorConfig | None = None,
        finish: FinisherMaker = NetworkAlone,
    ) -> None:
        self._network = network
        self._fusion = fusion
        self._config = config
        self._finish = finish

    def start(self, slices: SliceSource) -> Propagator:
        """Return a propagator for work in rounds on these slices."""
        return Propagator(
            self._network, slices, fusion=self._fusion, config=self._config, finish=self._finish
        )

    def propagate(
        self,
        slices: SliceSource,
        annotations: Mapping[int, Labels],
        *,
        earlier: EarlierResult | None = None,
        on_progress: ProgressCallback | None = None,
        is_cancelled: CancelCallback | None = None,
        on_slice: SliceCallback | None = None,
        on_evidence: EvidenceCallback | None = None,
    ) -> Labels:
        """Return labels uint16 (T, H, W); see `PropagationMethod.propagate`.

        With `earlier`, slices count as new if they were not annotated then, or otherwise. Only slices
        between new ones and their annotated neighbours, or the ends, may differ from the earlier result. If
        a slice is annotated no more, all are new and `earlier` is not used.
        """
        new = None if earlier is None else new_annotations(annotations, earlier)
        if earlier is not None and new == {}:
            return _unchanged(slices, earlier)
        with self.start(slices) as propagator:
            if earlier is not None and new is not None:
                propagator.resume(earlier)
            watch = None if on_evidence is None else RoundWatch()
            report = propagator.run_round(
                annotations if new is None else new,
                on_progress=on_progress,
                is_cancelled=is_cancelled,
                on_slice=on_slice,
                watch=watch,
            )
            if on_evidence is not None and watch is not None:
                for index in report.touched:
                    for seen in propagator.evidence(index, watch):
                        on_evidence(seen)
            return propagator.all_labels()


class ShapeInterpolation:
    """Interpolation of shapes between annotated slices; see `isegformer.propagation.interpolate`.

    It has no rounds: every slice follows from the annotations alone, so that `earlier` is not used.
    """

    def propagate(
        self,
        slices: SliceSource,
        annotations: Mapping[int, Labels],
        *,
        earlier: EarlierResult | None = None,
        on_progress: ProgressCallback | None = None,
        is_cancelled: CancelCallback | None = None,
        on_slice: SliceCallback | None = None,
        on_evidence: EvidenceCallback | None = None,
    ) -> Labels:
        """Return labels uint16 (T, H, W); see `PropagationMethod.propagate`."""
        checked = check_annotations(annotations, n_slices=len(slices), shape=slices.shape)
        result = slices.new_labels()
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
                if on_slice is not None:
                    on_slice(index, result[index].copy())
                if on_progress is not None:
                    on_progress(done, total)
        return result


def _unchanged(slices: SliceSource, earlier: EarlierResult) -> Labels:
    """Return a copy of an earlier result, its annotations in place, (T, H, W)."""
    checked = checked_earlier(earlier, n_slices=len(slices), shape=slices.shape)
    result = slices.new_labels()
    result[:] = checked.labels
    for index, labels in checked.annotations.items():
        result[index] = labels
    return result


MethodBuilder: TypeAlias = Callable[[Callable[[], PropagationEngine]], PropagationMethod]
"""Makes a method; its argument loads the network, and is called only by methods that have one."""

PROPAGATION_METHODS: dict[str, MethodBuilder] = {
    "combined": lambda load_network: StcnPropagation(load_network(), finish=ShapesAndNetwork),
    "stcn": lambda load_network: StcnPropagation(load_network()),
    "interpolate": lambda load_network: ShapeInterpolation(),
}
"""How to make each method, by the name that users give."""
