"""Spacings that people gave for scans whose files do not say how far apart their voxels are.

One small file for each scan, beside the sessions. A spacing is given once: sessions, and masks that were
exported from them, lie on the grid that it makes.
"""

import logging
import threading
from pathlib import Path

from pydantic import ValidationError

from isegformer.atomic import replace_atomically
from isegformer.errors import SessionError
from isegformer.server import schemas
from isegformer.volume.io.registry import Spacing

logger = logging.getLogger(__name__)


class SpacingShelf:
    """Spacings by the id of their scan.

    Parameters
    ----------
    folder : made if need be
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def spacing(self, scan_id: str) -> Spacing | None:
        """Return what was given for a scan; None without, and where the note of it is damaged."""
        try:
            note = schemas.NewSpacing.model_validate_json(self._path(scan_id).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            logger.warning("the spacing of scan %s is asked for again: %s", scan_id, error)
            return None
        return note.spacing

    def keep(self, scan_id: str, given: schemas.NewSpacing) -> None:
        """Keep a spacing for the scan of an id.

        Raises
        ------
        SessionError : another one was given before
        WriteError : there is no room for it
        """
        with self._lock:
            known = self.spacing(scan_id)
            if known == given.spacing:
                return
            if known is not None:
                shown = " x ".join(f"{step:g}" for step in known)
                raise SessionError(
                    f"the scan has the spacing {shown} mm, which was given before; give its folder another "
                    "name to start anew with another one"
                )
            self._folder.mkdir(parents=True, exist_ok=True)
            with replace_atomically(self._path(scan_id)) as draft:
                draft.write_text(given.model_dump_json(), encoding="utf-8")

    def _path(self, scan_id: str) -> Path:
        return self._folder / f"{scan_id}.json"
