"""A small evaluation with numbers written by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from isegformer.clicks import Click
from isegformer.evaluation.records import ClickRecord, RecordKey
from isegformer.evaluation.report import CasePicture

HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"
"""Name of a case that would run in the page if it were not escaped."""


def click_record(
    ious: tuple[float, ...], *, case: str = "a", method: str = "compact", user: str = "centre", **other: Any
) -> ClickRecord:
    """Return a record of one object, 6 x 9 px, that was clicked as often as it has IoUs."""
    key = RecordKey(dataset="knees", case=case, label=2, method=method, setting=user)
    clicks = tuple(Click(row=2, col=number, is_positive=number % 2 == 0) for number in range(len(ious)))
    return ClickRecord(
        key=key, shape=(6, 9), object_px=6, clicks=clicks, ious=ious, seconds=(0.5,) * len(ious), **other
    )


def numbers_of(cases: int, noc_85: float) -> dict[str, Any]:
    """Return the numbers of one method on one data folder."""
    return {
        "cases": cases,
        "noc": {"85": noc_85, "90": noc_85 + 1},
        "noc_interval": {"85": [noc_85 - 0.25, noc_85 + 0.5], "90": None},
        "failures": {"85": 0.125, "90": None},
        "iou_after": {"1": 0.4567, "2": 0.7, "4": 0.8},
        "seconds_per_click": {"median": 0.0625, "p95": 0.25},
        "memory": {"rss_peak_mb": 812.0, "gpu_peak_mb": None},
        "failed_cases": 1,
    }


@pytest.fixture
def hostile() -> str:
    return HOSTILE


@pytest.fixture
def make_record() -> Callable[..., ClickRecord]:
    return click_record


@pytest.fixture
def records() -> list[ClickRecord]:
    return [
        click_record((0.5, 0.9), case="a"),
        click_record((0.2, 0.4, 0.6), case=HOSTILE),
        click_record((0.95,), case="c"),
        click_record((0.3, 0.9), case="a", method="grabcut"),
        ClickRecord(
            key=RecordKey(dataset="knees", case="d", label=1, method="compact", setting="centre"),
            error="image is 20 x 24, expected 20 x 30",
        ),
    ]


@pytest.fixture
def summary() -> dict[str, Any]:
    ours, theirs = numbers_of(3, 8.25), numbers_of(1, 2.0)
    return {
        "kind": "clicks",
        "format": 1,
        "configuration": {
            "paths": {"knees": "data/knees"},
            "users": ["centre"],
            "limit": None,
            "note": HOSTILE,
        },
        "environment": {"isegformer": "0.1.0", "cores": 2},
        "datasets": {"knees": ours},
        "methods": {"compact": {"knees": ours}, "grabcut": {"knees": theirs}},
        "differences": [
            {
                "dataset": "knees",
                "methods": ["compact", "grabcut"],
                "quantity": "noc@85",
                "mean": -1.5,
                "low": -2.0,
                "high": 0.125,
                "n": 1,
            }
        ],
        "failed": [
            {
                "dataset": "knees",
                "case": "d",
                "label": 1,
                "method": "compact",
                "error": "image is <b>torn</b>",
            }
        ],
    }


@pytest.fixture
def picture() -> CasePicture:
    """Return a picture 6 x 9 px: truth in rows 1 and 2, columns 3 to 5, the prediction a column further."""
    target, prediction = np.zeros((6, 9), bool), np.zeros((6, 9), bool)
    target[1:3, 3:6] = True
    prediction[1:3, 4:7] = True
    return CasePicture(
        image=np.linspace(0, 1, 54, dtype=np.float32).reshape(6, 9), target=target, prediction=prediction
    )
