"""One process per session folder.

The lock belongs to an open file, so the system takes it back when its process ends, however it ends.
"""

import os
import sys
from pathlib import Path

from isegformer.errors import JournalError, SessionOpenElsewhereError

LOCK_NAME = "session.lock"

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FolderLock:
    """Holds a session folder for this process until `release`."""

    def __init__(self, folder: Path) -> None:
        try:
            descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise JournalError(f"the session folder {folder} cannot be written: {error}") from error
        try:
            _lock(descriptor)
        except OSError as error:
            os.close(descriptor)
            raise SessionOpenElsewhereError(
                f"the session in {folder} is open already, here or in another process; close it there first"
            ) from error
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Let others open the folder; more than once does no harm."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
