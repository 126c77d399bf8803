"""Follows each object along a pass and decides where it has ended."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass

import torch
from torch import Tensor

from isegformer.propagation.aggregation import strongest
from isegformer.propagation.config import StopRule


@dataclass(frozen=True, kw_only=True)
class ObjectAtEnds:
    """What the user drew of an object at the two ends of a pass."""

    start_area_px: int
    """Area on the slice where the pass begins, in px of the working grid; 0: the object is absent there."""

    is_at_far_end: bool
    """Whether the pass leads to another annotated slice that has the object."""


class ObjectTracker:
    """Which objects a pass still carries.

    Parameters
    ----------
    surest : the highest confidence of each object so far, by label; the passes of a round share it, and it
        grows here. Between annotated slices it shows how sure the network is of an object that is there.
    """

    def __init__(
        self,
        rule: StopRule | None,
        ends: Mapping[int, ObjectAtEnds],
        *,
        surest: MutableMapping[int, float],
    ) -> None:
        self._rule = rule
        self._ends = dict(ends)
        self._weak = dict.fromkeys(ends, 0)
        self._surest = surest
        self._active = [
            label
            for label, end in sorted(ends.items())
            if rule is None or end.start_area_px > 0 or end.is_at_far_end
        ]

    @property
    def active(self) -> list[int]:
        """Labels of the objects still carried, ascending."""
        return list(self._active)

    def observe(self, probability: Tensor) -> None:
        """Take note of a predicted slice: probability (N, H, W) of the active objects, in their order."""
        if self._rule is None or not self._active:
            return
        places = torch.arange(1, len(probability) + 1, device=probability.device)[:, None, None]
        inside = strongest(probability) == places  # (N, H, W)
        # One transfer for all objects: at each, a graphics card and the processor wait for one another.
        measured = torch.stack([inside.sum(dim=(1, 2)), (probability * inside).sum(dim=(1, 2))]).T.tolist()
        for label, (area, total) in zip(self.active, measured, strict=True):
            confidence = total / area if area else 0.0
            self._judge(label, area=int(area), confidence=confidence, rule=self._rule)

    def _judge(self, label: int, *, area: int, confidence: float, rule: StopRule) -> None:
        end = self._ends[label]
        least = min(max(rule.min_area_px, rule.area_fraction * end.start_area_px), end.start_area_px)
        if area >= least:  # a few pixels may be certain by chance
            self._surest[label] = max(self._surest.get(label, 0.0), confidence)
        if end.is_at_far_end:
            return
        least_sure = max(rule.min_confidence, rule.confidence_fraction * self._surest.get(label, 0.0))
        is_weak = area < least or confidence < least_sure
        self._weak[label] = self._weak[label] + 1 if is_weak else 0
        if self._weak[label] >= rule.patience:
            self._active.remove(label)
