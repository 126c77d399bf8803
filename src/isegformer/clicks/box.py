"""A box drawn around an object, as clicks: networks that know clicks only understand boxes too."""

from isegformer.clicks.click import Click
from isegformer.errors import ClickError
from isegformer.slicing.roi import Roi


def clicks_of_box(box: Roi, shape: tuple[int, int]) -> tuple[Click, ...]:
    """Return the clicks that say "the object fills this box".

    One positive click in the middle and up to four negative ones, just outside the middles of the edges:
    above, below, left, right. Where an edge lies on the border of the slice there is no pixel outside, and
    no click.

    Parameters
    ----------
    box : in pixels of the slice
    shape : (height, width) of the slice

    Raises
    ------
    ClickError : the box reaches outside the slice

    Examples
    --------
    >>> [(click.row, click.col) for click in clicks_of_box(Roi(2, 5, 0, 3), (8, 9))]
    [(3, 1), (1, 1), (5, 1), (3, 3)]
    """
    height, width = shape
    if box.row_stop > height or box.col_stop > width:
        raise ClickError(f"{box} reaches outside a slice of {height} x {width} pixels; draw it inside")
    row, col = (box.row_start + box.row_stop) // 2, (box.col_start + box.col_stop) // 2
    beside = ((box.row_start - 1, col), (box.row_stop, col), (row, box.col_start - 1), (row, box.col_stop))
    outside = tuple(
        Click(row=r, col=c, is_positive=False) for r, c in beside if 0 <= r < height and 0 <= c < width
    )
    return (Click(row=row, col=col, is_positive=True), *outside)
