"""Values that are given on the command line as KEY=VALUE."""

import re
from collections.abc import Sequence
from typing import Any

import typer
import yaml


def parse_assignments(texts: Sequence[str]) -> dict[str, Any]:
    """Return what `KEY=VALUE` texts say, nested where a key has dots; values are read as YAML.

    Raises
    ------
    typer.BadParameter : a text without a key or `=`, or a value that is not YAML

    Examples
    --------
    >>> parse_assignments(["seed=2", "view.side_px=128", "architecture=swin-tiny"])
    {'seed': 2, 'view': {'side_px': 128}, 'architecture': 'swin-tiny'}
    """
    values: dict[str, Any] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        *parents, name = key.split(".")
        if not separator or not all((*parents, name)):
            raise typer.BadParameter(f"{text!r} is not of the form KEY=VALUE, such as view.side_px=128")
        try:
            place = values
            for parent in parents:
                place = place.setdefault(parent, {})
            place[name] = yaml.safe_load(value)
        except (yaml.YAMLError, AttributeError, TypeError) as error:
            raise typer.BadParameter(f"the value in {text!r} cannot be understood: {error}") from error
    return values


def parse_extents(texts: Sequence[str]) -> dict[int, tuple[int, int]]:
    """Return first and last slice of objects by label, from texts of the form LABEL=FIRST:LAST.

    Raises
    ------
    typer.BadParameter : another form, a label of 0 or given twice, or an end before the beginning

    Examples
    --------
    >>> parse_extents(["1=12:40", "3=7:7"])
    {1: (12, 40), 3: (7, 7)}
    """
    extents: dict[int, tuple[int, int]] = {}
    for text in texts:
        match = re.fullmatch(r"(\d+)=(\d+):(\d+)", text)
        if match is None:
            raise typer.BadParameter(f"extent {text!r} is not of the form LABEL=FIRST:LAST, such as 1=12:40")
        label, first, last = (int(part) for part in match.groups())
        if label == 0 or first > last or label in extents:
            raise typer.BadParameter(
                f"extent {text!r} cannot be used, expected a label above 0, given once, and FIRST <= LAST"
            )
        extents[label] = (first, last)
    return extents
