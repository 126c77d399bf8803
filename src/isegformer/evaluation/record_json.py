"""Records as JSON objects and back: what one line of a result log holds."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from isegformer.clicks import Click
from isegformer.evaluation.records import ClickRecord, RecordKey, ShownSlice, VolumeRecord


def record_to_json(record: ClickRecord | VolumeRecord) -> dict[str, Any]:
    """Return a record as plain values."""
    return asdict(record)


def click_record_from_json(document: Mapping[str, Any]) -> ClickRecord:
    """Return the record that an object describes; KeyError, TypeError or ValueError where it is none."""
    height, width = document["shape"]
    return ClickRecord(
        **{
            **document,
            "key": RecordKey(**document["key"]),
            "shape": (int(height), int(width)),
            "clicks": tuple(Click(**click) for click in document["clicks"]),
            "ious": tuple(float(value) for value in document["ious"]),
            "seconds": tuple(float(value) for value in document["seconds"]),
        }
    )


def volume_record_from_json(document: Mapping[str, Any]) -> VolumeRecord:
    """Return the record that an object describes; KeyError, TypeError or ValueError where it is none."""
    n_i, n_j, n_k = document["shape"]
    return VolumeRecord(
        **{
            **document,
            "key": RecordKey(**document["key"]),
            "shape": (int(n_i), int(n_j), int(n_k)),
            "annotated": tuple(int(index) for index in document["annotated"]),
            "metrics": dict(document["metrics"]),
            "slice_dice": tuple(float(value) for value in document["slice_dice"]),
            "curve": tuple((int(slices), int(clicks), float(d)) for slices, clicks, d in document["curve"]),
            "predicted_dice": tuple(float(value) for value in document["predicted_dice"]),
            "shown": tuple(_shown_slice(shown) for shown in document.get("shown", ())),
        }
    )


def _shown_slice(document: Mapping[str, Any]) -> ShownSlice:
    return ShownSlice(**{**document, "clicks": tuple(Click(**click) for click in document["clicks"])})
