"""Damaged cases of a training run: they end it, unless it was asked to pass them over."""

import logging

from isegformer.errors import UnreadableCaseError

logger = logging.getLogger(__name__)


class UnreadableCases:
    """What a sampler tells of the damaged cases that it meets."""

    def __init__(self, *, are_skipped: bool) -> None:
        self._are_skipped = are_skipped
        self._noted: set[str] = set()

    def note(self, error: UnreadableCaseError) -> None:
        """Name a damaged case in the log, once; raise `error` where damaged cases are not to be skipped."""
        if not self._are_skipped:
            raise error
        if str(error) not in self._noted:
            self._noted.add(str(error))
            logger.warning("skipped: %s", error)
