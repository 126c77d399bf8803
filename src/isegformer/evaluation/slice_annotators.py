"""How a robot user annotates one slice of a session: click by click, or with the truth at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np

from isegformer.evaluation.slice_clicks import ClickChooser, click_in_the_middle, click_until_good
from isegformer.session import ClearClicks, PackedArray, PaintMask, Session
from isegformer.slicing import Plane
from isegformer.types import Labels, Mask


class SliceAnnotator(Protocol):
    """Makes the labels of a slice what they should be, as well as it can."""

    def annotate(self, session: Session, goal: Labels, *, plane: Plane) -> int:
        """Work on one slice that is not accepted; return the number of clicks.

        Parameters
        ----------
        session : has all objects of the goal
        goal : uint16 (H, W), the true labels of the slice
        """
        ...


class TruthAnnotator:
    """Paints the true masks; costs no click. For measuring slices apart from clicks."""

    def annotate(self, session: Session, goal: Labels, *, plane: Plane) -> int:
        """Paint every object whose mask is not the true one."""
        for item in session.objects:
            mask = goal == item.label
            if not np.array_equal(session.slice_labels(plane) == item.label, mask):
                session.apply(
                    PaintMask(
                        label=item.label, axis=plane.axis, index=plane.index, mask=PackedArray.pack(mask)
                    )
                )
        return 0


@dataclass(frozen=True, kw_only=True)
class ClickingAnnotator:
    """Clicks on one object after the other until each is good enough or patience ends.

    An object that is not on the slice is cleared, which counts as one click; there is nothing to aim at.
    """

    target_iou: float = 0.9
    """An object is good enough from this IoU with its true mask on."""

    most_clicks: int = 10
    """Patience: clicks on one object on one slice."""

    choose: ClickChooser = click_in_the_middle
    """Where to click."""

    def annotate(self, session: Session, goal: Labels, *, plane: Plane) -> int:
        """Click on every object; see `SliceAnnotator.annotate`."""
        return sum(
            self._work_on(session, goal == item.label, label=item.label, plane=plane)
            for item in session.objects
        )

    def _work_on(self, session: Session, goal: Mask, *, label: int, plane: Plane) -> int:
        if not goal.any():
            if not (session.slice_labels(plane) == label).any():
                return 0
            session.apply(ClearClicks(label=label, axis=plane.axis, index=plane.index))
            return 1
        return click_until_good(
            session,
            goal,
            label=label,
            plane=plane,
            target_iou=self.target_iou,
            most_clicks=self.most_clicks,
            choose=self.choose,
        )


ANNOTATORS: Mapping[str, SliceAnnotator] = MappingProxyType(
    {"clicks": ClickingAnnotator(), "truth": TruthAnnotator()}
)
"""By the name that users give."""
