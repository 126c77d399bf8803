"""What a list of scans says of their sessions, kept beside the journals so that listing opens none of them.

An outline is a copy for quick reading. Where it is missing or older than the journal, after a kill, it is
written anew when the session is opened; nothing else depends on it.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

from isegformer.server import schemas
from isegformer.session import JOURNAL_NAME, SessionView

OUTLINE_NAME = "outline.json"


def write_outline(folder: Path, view: SessionView) -> None:
    """Keep what a list shows of a session; a power cut may lose it."""
    draft = folder / f"{OUTLINE_NAME}.new"
    draft.write_text(
        json.dumps(
            {
                "objects": len(view.sheet.objects),
                "accepted": len(view.sheet.accepted),
                "names": [item.name for item in view.sheet.objects.values()],
            }
        ),
        encoding="utf-8",
    )
    draft.replace(folder / OUTLINE_NAME)


def read_outline(folder: Path) -> schemas.SessionOutline | None:
    """Return what is known of the session in a folder; None if there is none."""
    journal = folder / JOURNAL_NAME
    logs = [path for path in (journal, journal.with_name(f"{JOURNAL_NAME}-wal")) if path.is_file()]
    if journal not in logs:
        return None
    changed_utc = datetime.fromtimestamp(max(path.stat().st_mtime for path in logs), UTC)
    try:
        known = json.loads((folder / OUTLINE_NAME).read_text(encoding="utf-8"))
        objects, accepted = int(known["objects"]), int(known["accepted"])
        names = [str(name) for name in known.get("names", [])]
    except (OSError, ValueError, KeyError, TypeError):
        objects, accepted, names = 0, 0, []
    return schemas.SessionOutline(changed_utc=changed_utc, objects=objects, accepted=accepted, names=names)
