"""What can be compared of one case: its quantities by name, and whether more of them is better."""

from collections.abc import Iterator, Sequence

from isegformer.evaluation.click_protocol import THRESHOLDS, threshold_name
from isegformer.evaluation.clicks_needed import clicks_needed, iou_after
from isegformer.evaluation.ranking import CaseRecord
from isegformer.evaluation.records import ClickRecord

CLICKS = (1, 3, 5, 10)
"""Numbers of clicks after which the IoU is compared."""


def quantities(record: CaseRecord) -> dict[str, float]:
    """Return what was measured on a case, by name; nothing of a case that failed.

    Of clicks: the clicks needed to a threshold ("noc@85") and the IoU after some clicks ("iou after 3"),
    where a finished object keeps its last IoU. Of volumes: all metrics that are defined, "dice" among them,
    and the clicks of a robot user.
    """
    if record.error is not None:
        return {}
    if isinstance(record, ClickRecord):
        return dict(_of_clicks(record))
    metrics = {name: value for name, value in record.metrics.items() if value is not None}
    return {**metrics, "clicks": float(record.n_clicks)} if record.n_clicks else metrics


def is_more_better(quantity: str) -> bool:
    """Return whether the method with the larger value is the better one.

    >>> is_more_better("dice@3"), is_more_better("hd95_mm"), is_more_better("noc@85")
    (True, False, False)
    """
    name, _, _ = quantity.partition("@")
    return not (name in ("noc", "clicks", "slices") or name.endswith("_mm"))


def better_of(pair: Sequence[str], quantity: str, *, interval: tuple[float, float] | None) -> str:
    """Return the better one of a pair, or "" where that is not shown.

    Parameters
    ----------
    interval : of the difference, second minus first; it shows nothing where it holds 0, or is None

    Examples
    --------
    >>> better_of(["a", "b"], "noc@85", interval=(-2.0, -0.5))
    'b'
    >>> better_of(["a", "b"], "dice", interval=(0.0, 0.1))
    ''
    """
    if interval is None or interval[0] <= 0 <= interval[1]:
        return ""
    low, _ = interval
    return pair[1] if (low > 0) == is_more_better(quantity) else pair[0]


def _of_clicks(record: ClickRecord) -> Iterator[tuple[str, float]]:
    for threshold in THRESHOLDS:
        yield f"noc@{threshold_name(threshold)}", float(clicks_needed(record.ious, threshold))
    for n_clicks in CLICKS:
        yield f"iou after {n_clicks}", iou_after(record.ious, n_clicks)
