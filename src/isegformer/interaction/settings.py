"""Settings of prediction that travel with weights: a JSON object in their file, a `PredictorConfig` here.

::

    {"zoom": {"side_px": 256, "before_mask": "whole_slice"}, "mirror": false, "first_looks": 2}

Every key may be left out and then has its default; `"zoom": null` shows the network whole slices only.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

from isegformer.errors import ConfigError
from isegformer.interaction.predictor import PredictorConfig
from isegformer.interaction.zoom import ZoomConfig


def predictor_config_from_json(record: Mapping[str, Any] | None) -> PredictorConfig:
    """Return the settings in a JSON object; the published ones where there is none.

    Raises
    ------
    ConfigError : an unknown key, or a value of another type or out of its range
    """
    if record is None:
        return PredictorConfig()
    values = dict(record)
    _check_keys(values, PredictorConfig, what="the predictor settings")
    if values.get("zoom") is not None:
        values["zoom"] = _zoom(values["zoom"])
    if not isinstance(values.get("mirror", False), bool):
        raise ConfigError(f"mirror is {values['mirror']!r}, expected true or false")
    if "first_looks" in values:
        _check_type("first_looks", values["first_looks"], hint=int)
    return PredictorConfig(**values)


def predictor_config_to_json(config: PredictorConfig) -> dict[str, Any]:
    """Return the settings as a JSON object; inverse of `predictor_config_from_json`."""
    return dataclasses.asdict(config)


def _zoom(record: Any) -> ZoomConfig:
    if not isinstance(record, Mapping):
        raise ConfigError(f"zoom is {record!r}, expected an object of settings, or null")
    _check_keys(record, ZoomConfig, what="the zoom settings")
    hints = get_type_hints(ZoomConfig)
    for name, value in record.items():
        _check_type(name, value, hint=hints[name])
    return ZoomConfig(**record)


def _check_keys(record: Mapping[str, Any], kind: type[Any], *, what: str) -> None:
    known = [field.name for field in dataclasses.fields(kind)]
    if unknown := sorted(set(record) - set(known)):
        raise ConfigError(f"{what} have no {', '.join(unknown)}; expected some of: {', '.join(known)}")


def _check_type(name: str, value: Any, *, hint: Any) -> None:
    """Check a value of JSON against the type of its field: a choice, a whole number or a number."""
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise ConfigError(f"{name} is {value!r}, expected one of: {', '.join(get_args(hint))}")
        return
    if value is None and type(None) in get_args(hint):
        return
    accepted = (int, float) if hint is float else (int,)
    if isinstance(value, bool) or not isinstance(value, accepted):
        expected = "a number" if hint is float else "a whole number"
        raise ConfigError(f"{name} is {value!r}, expected {expected}")
