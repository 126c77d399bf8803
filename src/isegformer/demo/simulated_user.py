"""A user who knows the object and clicks on the middle of the largest error until a slice is good enough."""

from collections.abc import Callable
from dataclasses import dataclass

from isegformer.clicks import next_click
from isegformer.evaluation import iou
from isegformer.session import AddClick, Session
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
        for n_clicks in range(self.most_clicks):
            mask = session.slice_labels(plane) == label
            if iou(mask, goal) >= self.target_iou:
                return n_clicks
            click = next_click(mask, goal, clicked=session.clicks(label, plane))
            if click is None:
                return n_clicks
            session.apply(
                AddClick(
                    label=label,
                    axis=plane.axis,
                    index=plane.index,
                    row=click.row,
                    col=click.col,
                    is_positive=click.is_positive,
                )
            )
            on_click()
        return self.most_clicks
