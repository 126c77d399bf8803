"""The field `params` of a request: JSON text from a stranger, turned into clicks.

Two forms are in use. deepgrow: `{"label", "foreground": [[i, j, k], ...], "background": [...], "slice": k}`.
deepedit: `{"<label>": [[i, j, k], ...], "background": [...], "label": "<label>"}`.
"""

import json
from dataclasses import dataclass
from typing import Any

from isegformer.errors import ClickError
from isegformer.workflow import Voxel, VoxelClick

DEFAULT_LABEL = "object"
MOST_CLICKS = 1000
"""More on one object come from no hand."""


@dataclass(frozen=True, kw_only=True)
class InferParams:
    """What a client asks for."""

    label: str
    clicks: tuple[VoxelClick, ...]
    """Positive ones first: the protocol does not tell the order."""
    slice_index: int | None
    is_compressed: bool
    """Whether the answer may be compressed; OHIF asks for plain voxels."""


def parse_params(text: str, *, shape: tuple[int, int, int]) -> InferParams:
    """Return the request in `params`.

    Parameters
    ----------
    shape : of the volume, (I, J, K)

    Raises
    ------
    ClickError : no JSON object, a point that is not three whole numbers in the volume, or too many
    """
    record = _object(text)
    label = record.get("label") or DEFAULT_LABEL
    if not isinstance(label, str):
        raise ClickError(f"label is {str(label)[:40]!r}, expected a name")
    positive = record["foreground"] if "foreground" in record else record.get(label, [])
    clicks = (
        *_clicks(positive, is_positive=True, shape=shape, what="foreground"),
        *_clicks(record.get("background", []), is_positive=False, shape=shape, what="background"),
    )
    if len(clicks) > MOST_CLICKS:
        raise ClickError(f"{len(clicks)} clicks, expected at most {MOST_CLICKS}")
    return InferParams(
        label=label[:200],
        clicks=clicks,
        slice_index=_slice(record.get("slice"), n_slices=shape[2]),
        is_compressed=record.get("result_compress", True) is not False,
    )


def _object(text: str) -> dict[str, Any]:
    try:
        record = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise ClickError(f"params are no JSON: {error}") from error
    if not isinstance(record, dict):
        raise ClickError(f"params are {type(record).__name__}, expected a JSON object")
    return record


def _clicks(
    points: Any, *, is_positive: bool, shape: tuple[int, int, int], what: str
) -> tuple[VoxelClick, ...]:
    if points is None:
        return ()
    if not isinstance(points, list):
        raise ClickError(f"{what} is {str(points)[:40]!r}, expected a list of [i, j, k]")
    return tuple(
        VoxelClick(voxel=_voxel(point, shape=shape, what=what), is_positive=is_positive) for point in points
    )


def _voxel(point: Any, *, shape: tuple[int, int, int], what: str) -> Voxel:
    is_three = isinstance(point, list) and len(point) == 3
    if not is_three or not all(_is_whole(value) for value in point):
        raise ClickError(f"{what} holds {str(point)[:40]!r}, expected [i, j, k] in whole numbers")
    i, j, k = (int(value) for value in point)
    if not all(0 <= value < length for value, length in zip((i, j, k), shape, strict=True)):
        raise ClickError(f"{what} holds {point}, outside a volume of {shape} voxels")
    return i, j, k


def _is_whole(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or value.is_integer()


def _slice(value: Any, *, n_slices: int) -> int | None:
    if value is None:
        return None
    if not _is_whole(value) or not 0 <= value < n_slices:
        raise ClickError(f"slice is {str(value)[:40]!r}, expected 0 to {n_slices - 1}")
    return int(value)
