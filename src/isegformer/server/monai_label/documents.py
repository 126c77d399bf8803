"""Documents of the protocol that are made of what the server has."""

from collections.abc import Iterable

from isegformer.server.data_root import Scan
from isegformer.server.monai_label.temporary_volumes import TemporaryVolume

FINAL, ORIGINAL = "final", "original"
"""Tags of labels: what a person submitted, and what the model made."""


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
