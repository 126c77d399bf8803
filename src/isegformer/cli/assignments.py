"""Values of a configuration that are given on the command line, as KEY=VALUE."""

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
