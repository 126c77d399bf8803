"""The clicks file: what a person clicked, as JSON; see docs/clicks-file.md and docs/clicks.schema.json.

Every mistake is an error that names the object and the click: a click that is dropped in silence costs its
author more than a refused file.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from isegformer.errors import ClickError
from isegformer.types import PathLike
from isegformer.volume import Geometry
from isegformer.workflow import ClickedObject, Voxel, VoxelClick

MAX_LABEL = 65535
"""Label maps are uint16."""


def read_clicks_file(path: PathLike, *, geometry: Geometry) -> tuple[ClickedObject, ...]:
    """Return the objects of a clicks file, in file order.

    Parameters
    ----------
    geometry : the grid of the volume that was clicked on; places clicks given in mm

    Raises
    ------
    ClickError : the file cannot be read, or something in it is not as it should be; says what and where
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        record = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique_keys)
    except ClickError as error:
        raise ClickError(f"{path}: {error}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ClickError(f"cannot read clicks file {path}: {error}") from error
    try:
        return parse_clicks(record, geometry=geometry)
    except ClickError as error:
        raise ClickError(f"{path}: {error}") from error


def parse_clicks(record: Any, *, geometry: Geometry) -> tuple[ClickedObject, ...]:
    """Return the objects in the content of a clicks file; errors as for `read_clicks_file`."""
    _check_keys(record, required=("objects",), where="the clicks file")
    items = _items(record["objects"], where="'objects'")
    objects = tuple(
        _object(item, where=f"object {n}", geometry=geometry) for n, item in enumerate(items, start=1)
    )
    _check_unique([item.label for item in objects], what="label")
    _check_unique([item.name for item in objects], what="name")
    return objects


def _object(record: Any, *, where: str, geometry: Geometry) -> ClickedObject:
    _check_keys(record, required=("name", "label", "clicks"), where=where)
    name = record["name"]
    if not isinstance(name, str) or not name.strip():
        raise ClickError(f"name of {where} is {name!r}, expected a text of at least one letter")
    where = f"{where} ({name!r})"
    label = _whole_number(record["label"])
    if label is None or not 1 <= label <= MAX_LABEL:
        raise ClickError(
            f"label of {where} is {record['label']!r}, expected a whole number from 1 to {MAX_LABEL}"
        )
    clicks = _items(record["clicks"], where=f"'clicks' of {where}")
    return ClickedObject(
        name=name,
        label=label,
        clicks=tuple(
            _click(click, where=f"click {n} of {where}", geometry=geometry)
            for n, click in enumerate(clicks, start=1)
        ),
    )


def _click(record: Any, *, where: str, geometry: Geometry) -> VoxelClick:
    _check_keys(record, required=("positive",), optional=("voxel", "world_mm"), where=where)
    if not isinstance(record["positive"], bool):
        raise ClickError(f"'positive' of {where} is {record['positive']!r}, expected true or false")
    given = [key for key in ("voxel", "world_mm") if key in record]
    if len(given) != 1:
        raise ClickError(
            f"{where} has {' and '.join(given) or 'no position'}, expected either voxel or world_mm"
        )
    if given == ["voxel"]:
        voxel = _voxel(record["voxel"], where=where)
        _check_inside(voxel, where=f"{where} is at voxel {list(voxel)}", geometry=geometry)
    else:
        voxel = _nearest_voxel(record["world_mm"], where=where, geometry=geometry)
    return VoxelClick(voxel=voxel, is_positive=record["positive"])


def _voxel(value: Any, *, where: str) -> Voxel:
    numbers = [_whole_number(number) for number in _triple(value, what="voxel", where=where)]
    i, j, k = numbers
    if i is None or j is None or k is None:
        raise ClickError(
            f"voxel of {where} is {value}, expected whole numbers [i, j, k]; for mm use world_mm"
        )
    return i, j, k


def _nearest_voxel(value: Any, *, where: str, geometry: Geometry) -> Voxel:
    """Return the voxel whose centre is nearest along each axis to a position in RAS+ mm."""
    position_mm = _triple(value, what="world_mm", where=where)
    if not all(_is_number(number) and math.isfinite(number) for number in position_mm):
        raise ClickError(f"world_mm of {where} is {value}, expected finite numbers [x, y, z]")
    with np.errstate(over="ignore", invalid="ignore"):  # absurd positions are refused below, as outside
        position_vox = geometry.world_to_voxel([position_mm])[0]
    nearest = np.nan_to_num(np.rint(np.clip(position_vox, -1, np.array(geometry.shape))), nan=-1)
    i, j, k = (int(number) for number in nearest)
    at = ", ".join(f"{number:.1f}" for number in position_vox)
    _check_inside(
        (i, j, k), where=f"{where} is at {list(position_mm)} mm, which is voxel [{at}]", geometry=geometry
    )
    return i, j, k


def _check_inside(voxel: Voxel, *, where: str, geometry: Geometry) -> None:
    if not all(0 <= index < length for index, length in zip(voxel, geometry.shape, strict=True)):
        limits = ", ".join(f"0 to {length - 1}" for length in geometry.shape)
        raise ClickError(f"{where}, outside the volume; expected voxels {limits} along i, j, k")


def _check_keys(
    record: Any, *, required: tuple[str, ...], optional: tuple[str, ...] = (), where: str
) -> None:
    if not isinstance(record, Mapping):
        raise ClickError(f"{where} is {_short(record)}, expected an object with {', '.join(required)}")
    if missing := [key for key in required if key not in record]:
        raise ClickError(f"{where} has no {', '.join(map(repr, missing))}")
    if unknown := [key for key in record if key not in (*required, *optional)]:
        known = ", ".join((*required, *optional))
        raise ClickError(f"{where} has unknown {', '.join(map(repr, unknown))}, expected only {known}")


def _items(value: Any, *, where: str) -> Sequence[Any]:
    if not isinstance(value, list) or not value:
        raise ClickError(f"{where} is {_short(value)}, expected a list with at least one entry")
    return value


def _triple(value: Any, *, what: str, where: str) -> Sequence[Any]:
    if not isinstance(value, list) or len(value) != 3:
        raise ClickError(f"{what} of {where} is {_short(value)}, expected three numbers")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole_number(value: Any) -> int | None:
    """Return a whole number, also one written as 3.0 (JSON knows one kind of number); else None."""
    if not _is_number(value) or not math.isfinite(value) or value != int(value):
        return None
    return int(value)


def _check_unique(values: Sequence[int | str], *, what: str) -> None:
    for number, value in enumerate(values, start=1):
        first = values.index(value) + 1
        if first != number:
            raise ClickError(
                f"objects {first} and {number} both have {what} {value!r}, expected different ones"
            )


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ClickError(f"{twice!r} stands twice in one object")
    return record


def _refuse_constant(name: str) -> NoReturn:
    raise ClickError(f"{name} is no number that a clicks file may hold")


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
