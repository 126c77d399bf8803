"""A user who knows the object and clicks on the middle of the largest error until a slice is good enough."""

from collections.abc import Callable
from dataclasses import dataclass

from isegformer.evaluation.slice_clicks import click_until_good
from isegformer.session import Session
from isegformer.slicing import Plane
from isegformer.types import Mask


@dataclass(frozen=True, kw_only=True)
class SimulatedUser:
    """Stops at a slice when it is good enough, when patience ends, or when there is nothing to click."""

    target_iou: float = 0.9
    """A slice is good enough from this IoU with the goal on."""
    most_clicks: int = 5
    """Patience: clicks on one slice."""

    def work_on(
        self, session: Session, goal: Mask, *, label: int, plane: Plane, on_click: Callable[[], None]
    ) -> int:
        """Click on one slice until it is good enough; return the number of clicks.

        Parameters
        ----------
        goal : bool (H, W), the object on this slice
        on_click : called after each click
        """
        return click_until_good(
            session,
            goal,
            label=label,
            plane=plane,
            target_iou=self.target_iou,
            most_clicks=self.most_clicks,
            on_click=on_click,
        )
