"""Documents of the protocol that are made of what the server has."""

from collections import Counter
from collections.abc import Iterable

from isegformer.server.data_root import Scan
from isegformer.server.monai_label.params import DEFAULT_LABEL
from isegformer.server.monai_label.temporary_volumes import TemporaryVolume

FINAL, ORIGINAL = "final", "original"
"""Tags of labels: what a person submitted, and what the model made."""

MOST_NAMES = 100
"""More do not fit into the list that clients make of them."""


def offered_labels(sessions: Iterable[Iterable[str]]) -> list[str]:
    """Return the names to choose from: those of the objects of all sessions, the most frequent first.

    The default name is among them, for what has no name yet.

    Examples
    --------
    >>> offered_labels([["liver", "cyst"], ["cyst"]])
    ['cyst', 'liver', 'object']
    """
    counts = Counter(name for names in sessions for name in set(names))
    known = sorted(counts, key=lambda name: (-counts[name], name))[:MOST_NAMES]
    return known if DEFAULT_LABEL in known else [*known, DEFAULT_LABEL]


def session_info(upload: TemporaryVolume) -> dict[str, object]:
    """Return what clients are told of an upload; paths are names only, they lie on another machine."""
    return {
        "name": upload.id,
        "path": upload.id,
        "image": upload.path.name,
        "meta": {},
        "create_ts": int(upload.created_s),
        "last_access_ts": int(upload.last_used_s),
        "expiry": upload.expiry_s,
    }


def datastore_all(scans: Iterable[tuple[Scan, bool]]) -> dict[str, object]:
    """Return all scans; each with whether it has a label."""
    return {
        "name": "isegformer",
        "description": "",
        "images": {},
        "objects": {
            scan.id: {
                "image": {"ext": "", "info": {"name": scan.name, "ts": int(scan.modified_utc.timestamp())}},
                "labels": {FINAL: {"ext": ".nii.gz", "info": {}}} if has_label else {},
            }
            for scan, has_label in scans
        },
    }
