"""A simulated user at work on one object of one slice of a session."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from isegformer.clicks import Click, next_click
from isegformer.evaluation.overlap import iou
from isegformer.session import AddClick, Session
from isegformer.slicing import Plane
from isegformer.types import Mask

ClickChooser: TypeAlias = Callable[[Mask, Mask, Sequence[Click]], Click | None]
"""From the mask, the true mask, both bool (H, W), and the clicks so far to the next click; None: no more."""


def click_in_the_middle(mask: Mask, goal: Mask, clicked: Sequence[Click]) -> Click | None:
    """Return a click in the middle of the largest error."""
    return next_click(mask, goal, clicked=clicked)


def click_until_good(
    session: Session,
    goal: Mask,
    *,
    label: int,
    plane: Plane,
    target_iou: float,
    most_clicks: int,
    choose: ClickChooser = click_in_the_middle,
    on_click: Callable[[], None] = lambda: None,
) -> int:
    """Click until the object is good enough, patience ends or nothing is left to click; return the clicks.

    Parameters
    ----------
    goal : bool (H, W), the object on this slice
    target_iou : the object is good enough from this IoU with the goal on
    most_clicks : patience
    choose : where to click
    on_click : called after each click
    """
    for n_clicks in range(most_clicks):
        mask = session.slice_labels(plane) == label
        if iou(mask, goal) >= target_iou:
            return n_clicks
        click = choose(mask, goal, session.clicks(label, plane))
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
    return most_clicks
