"""Labels from the network and the annotated shapes together; see docs/decisions/0008-shapes-and-network.md.

Between two annotated slices the interpolated border leads and the network moves it; beyond them the network
leads, and the annotated slices say how likely the object has ended. Shapes: N objects, H x W pixels of a
slice.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor

from isegformer.propagation.shape_evidence import EvidenceConfig, ShapeEnd, ShapeGap, shape_gap
from isegformer.types import FloatArray, Labels

LEAST_PROBABILITY = 1e-6
"""Below the resolution of stored probabilities; its logarithm is finite."""


class ShapesAndNetwork:
    """A `SliceFinisher` that knows which shapes were annotated."""

    def __init__(self, annotations: Mapping[int, Labels], *, config: EvidenceConfig | None = None) -> None:
        self._annotations = dict(sorted(annotations.items()))
        self._config = EvidenceConfig() if config is None else config
        self._ends: tuple[int, int] | None = None
        self._gaps: dict[int, ShapeGap | None] = {}
        self._known: dict[int, list[int]] = {}

    def labels(self, index: int, probability: Tensor, *, objects: Sequence[int]) -> Labels:
        """Return the object with the highest score at each pixel, uint16 (H, W); scores are above 0."""
        limit = self._config.largest_log_odds
        log_odds = log_odds_against_rivals(probability.cpu().numpy())
        np.clip(log_odds, -limit, limit, out=log_odds)
        before = max((other for other in self._annotations if other < index), default=None)
        after = min((other for other in self._annotations if other > index), default=None)
        if before is not None and after is not None:
            scores = self._between(before, after, index=index, log_odds=log_odds, objects=objects)
        else:
            nearest = after if before is None else before
            assert nearest is not None, "a round has annotated slices"
            scores = self._beyond(nearest, index=index, log_odds=log_odds, objects=objects)
        return _highest(scores, objects)

    def _between(
        self, before: int, after: int, *, index: int, log_odds: FloatArray, objects: Sequence[int]
    ) -> FloatArray:
        """Return the scores in px of all objects between two annotated slices, (N, H, W)."""
        scores = np.full(log_odds.shape, -np.inf, dtype=np.float32)
        share = (index - before) / (after - before)
        for place, label in enumerate(objects):
            gap = self._gap(before, after, label=label)
            if gap is not None:
                scores[place] = gap.scores(log_odds[place], share=share, config=self._config)
        return scores

    def _gap(self, before: int, after: int, *, label: int) -> ShapeGap | None:
        """Return what two annotated slices say of an object; kept while one gap is worked on."""
        if self._ends != (before, after):
            self._ends, self._gaps = (before, after), {}
        if label not in self._gaps:
            self._gaps[label] = shape_gap(
                self._annotations[before] == label, self._annotations[after] == label
            )
        return self._gaps[label]

    def _beyond(
        self, nearest: int, *, index: int, log_odds: FloatArray, objects: Sequence[int]
    ) -> FloatArray:
        """Return the scores in log-odds of all objects beyond the outermost annotated slice, (N, H, W)."""
        scores = log_odds.copy()
        for place, label in enumerate(objects):
            outline = self._annotations[nearest] == label
            if outline.any():
                known = self._slices_with(label)
                end = ShapeEnd(outline=outline, n_slices=len(known), span=known[-1] - known[0])
                scores[place] += end.log_odds(abs(index - nearest), config=self._config)
        return scores

    def _slices_with(self, label: int) -> list[int]:
        """Return the annotated slices that have an object, ascending."""
        if label not in self._known:
            self._known[label] = [
                index for index, labels in self._annotations.items() if (labels == label).any()
            ]
        return self._known[label]


def log_odds_against_rivals(probability: FloatArray) -> FloatArray:
    """Return for each object the log of its probability over that of its strongest rival, (N, H, W).

    Rivals are the background and all other objects. It is above 0 for the most probable object and for no
    other.

    Parameters
    ----------
    probability : (N, H, W), of the competing objects; the background has the rest
    """
    everything = np.empty((len(probability) + 1, *probability.shape[1:]), dtype=np.float32)
    everything[1:] = probability
    np.subtract(1, probability.sum(axis=0), out=everything[0])
    np.log(np.maximum(everything, LEAST_PROBABILITY, out=everything), out=everything)
    first, second = everything[0].copy(), np.full_like(everything[0], -np.inf)
    lesser = np.empty_like(first)
    for one in everything[1:]:  # many times faster than sorting the few at each pixel
        np.maximum(second, np.minimum(first, one, out=lesser), out=second)
        np.maximum(first, one, out=first)
    for own in everything[1:]:
        np.subtract(own, np.where(own < first, first, second), out=own)
    return np.asarray(everything[1:])


def _highest(scores: FloatArray, objects: Sequence[int]) -> Labels:
    """Return the object with the highest score above 0 at each pixel, the first of equals, uint16 (H, W)."""
    labels = np.zeros(scores.shape[1:], dtype=np.uint16)
    best = np.zeros(scores.shape[1:], dtype=np.float32)
    for label, score in zip(objects, scores, strict=True):
        np.copyto(labels, np.uint16(label), where=score > best)
        np.maximum(best, score, out=best)
    return labels
