"""The accepted slices of all sessions, written for the process that learns from them.

A copy, because the sessions stay open here while it learns. Form: `isegformer.adaptation.worker`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from isegformer.server.data_root import Scan
from isegformer.server.session_store import SessionStore
from isegformer.session import SessionView


def scans_with_accepted_slices(scans: Sequence[Scan], sessions: SessionStore) -> list[Scan]:
    """Return the scans from whose sessions something can be learned; no session is opened."""
    outlines = ((scan, sessions.outline(scan)) for scan in scans)
    return [scan for scan, outline in outlines if outline is not None and outline.accepted > 0]


def write_case(scan: Scan, folder: Path, *, sessions: SessionStore) -> Mapping[str, Any] | None:
    """Write the labels of a session; return what is said of the case, None without accepted slices."""
    with sessions.lease(scan.id) as live:
        view, labels = live.session.view(), live.session.label_map().labels
    known = _accepted(view)
    if not known or not labels.any():
        return None
    file_name = f"{scan.id}.npy"
    np.save(folder / file_name, labels)
    settings = view.sheet.settings
    return {
        "name": scan.name,
        "volume": str(scan.path),
        "spacing_mm": scan.spacing_mm,
        "labels": file_name,
        "known": known,
        "window": [settings.window_low, settings.window_high],
    }


def _accepted(view: SessionView) -> dict[str, list[int]]:
    """Return the accepted slices by axis, rising."""
    axes = sorted({plane.axis for plane in view.sheet.accepted})
    return {
        str(axis): sorted(plane.index for plane in view.sheet.accepted if plane.axis == axis) for axis in axes
    }
