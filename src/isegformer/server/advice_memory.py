"""What advice needs of the last propagations, kept beside the journal so that it survives a restart.

The evidence of each axis stands with a fingerprint of the round that gave it, as the session knows that
round. It counts only while the session is where that round left it: after an undo, an import, or a kill
between the journal and this file the fingerprints differ, and the evidence is not used. A file that is
damaged, or of another version, is as good as none: advice then comes from shapes and distances, until the
next propagation.
"""

import json
import logging
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import Field, FiniteFloat, ValidationError

from isegformer.atomic import replace_atomically
from isegformer.errors import WriteError
from isegformer.propagation import EvidenceLog, SliceEvidence
from isegformer.server import schemas
from isegformer.server.networks import AdvisingPropagation
from isegformer.session import RoundKey, Sheet

logger = logging.getLogger(__name__)

MEMORY_NAME = "advice.json"


class Seen(schemas.Document):
    """Evidence of one object on one slice, see `SliceEvidence`."""

    label: schemas.Label
    index: schemas.Index
    entropy_px: FiniteFloat
    disagreement_px: FiniteFloat | None


class AxisMemory(schemas.Document):
    """What the last round across an axis left."""

    axis: schemas.Axis
    round: str = Field(description="Fingerprint of the round.")
    seen: list[Seen]
    advice: schemas.Advice | None


class Memory(schemas.Document):
    """The whole file."""

    version: Literal[1]
    newest: int | None = Field(description="The axis of the last propagation; its advice is shown.")
    axes: list[AxisMemory]


class AdviceMemory:
    """Advice and evidence of the session in a folder."""

    def __init__(self, folder: Path, *, method: str) -> None:
        self._path = folder / MEMORY_NAME
        self._method = method
        self._advice: dict[int, tuple[str, schemas.Advice]] = {}
        self._newest: int | None = None

    def advice(self, sheet: Sheet) -> schemas.Advice | None:
        """Return the advice after the last propagation; None where that is not in force (any more)."""
        axis = self._newest
        known = None if axis is None else self._advice.get(axis)
        if axis is None or known is None:
            return None
        fingerprint, advice = known
        return advice if fingerprint == self._fingerprint(sheet, axis) else None

    def keep(
        self, advice: schemas.Advice | None, *, axis: int, sheet: Sheet, by: AdvisingPropagation
    ) -> None:
        """Take note of what a propagation across `axis` left; where the file cannot be written, log it."""
        fingerprint = self._fingerprint(sheet, axis)
        self._newest = axis
        if advice is not None and fingerprint is not None:
            self._advice[axis] = fingerprint, advice
        try:
            with replace_atomically(self._path) as draft:
                draft.write_text(self._document(sheet, by).model_dump_json(), encoding="utf-8")
        except WriteError as error:  # the propagation itself is in the journal
            logger.warning("advice will be forgotten when the session is closed: %s", error)

    def recall(self, sheet: Sheet, *, into: AdvisingPropagation) -> None:
        """Read the file; give `into` the evidence that fits the session as it is."""
        try:
            memory = Memory.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return
        except (OSError, ValidationError) as error:
            logger.warning("%s is not used: %s", self._path, error)
            return
        self._newest = memory.newest
        for kept in memory.axes:
            if kept.round != self._fingerprint(sheet, kept.axis):
                continue
            into.recall(kept.axis, _log(kept.seen))
            if kept.advice is not None:
                self._advice[kept.axis] = kept.round, kept.advice

    def _document(self, sheet: Sheet, propagation: AdvisingPropagation) -> Memory:
        axes = []
        for axis in range(3):
            fingerprint = self._fingerprint(sheet, axis)
            if fingerprint is not None:
                known, advice = self._advice.get(axis, (None, None))
                seen = [_seen(item) for item in propagation.evidence(axis).items()]
                fitting = advice if known == fingerprint else None
                axes.append(AxisMemory(axis=axis, round=fingerprint, seen=seen, advice=fitting))
        return Memory(version=1, newest=self._newest, axes=axes)

    def _fingerprint(self, sheet: Sheet, axis: int) -> str | None:
        """Return what tells the last round across an axis from all others; None if there was none."""
        last = sheet.rounds.get(RoundKey(axis=axis, method=self._method))
        if last is None:
            return None
        return sha256(json.dumps(asdict(last), sort_keys=True).encode()).hexdigest()


def _seen(item: SliceEvidence) -> Seen:
    return Seen(
        label=item.label,
        index=item.index,
        entropy_px=item.entropy_px,
        disagreement_px=item.disagreement_px,
    )


def _log(seen: list[Seen]) -> EvidenceLog:
    log = EvidenceLog()
    for item in seen:
        log(
            SliceEvidence(
                index=item.index,
                label=item.label,
                entropy_px=item.entropy_px,
                disagreement_px=item.disagreement_px,
            )
        )
    return log
