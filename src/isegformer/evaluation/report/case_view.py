"""A case as it stands in the gallery of a report: its name, what was measured, and its picture."""

from collections.abc import Sequence
from dataclasses import dataclass

from isegformer.errors import IsegformerError
from isegformer.evaluation.ranking import CaseRecord, score
from isegformer.evaluation.records import VolumeRecord
from isegformer.evaluation.report.case_picture import Drawing, PictureSource, draw_case


@dataclass(frozen=True, kw_only=True)
class CaseView:
    """One case of the gallery."""

    name: str
    place: str
    """Data folder and object."""
    result: str
    """What was measured, in words."""
    drawings: tuple[Drawing, ...]
    problem: str
    """Why there is no drawing, if one was asked for."""

    @property
    def alternative(self) -> str:
        """What a picture shows, for those who do not see it."""
        return f"{self.name}, {self.place}: outlines of truth and prediction, and clicks. {self.result}"


def case_views(records: Sequence[CaseRecord], pictures: PictureSource | None) -> tuple[CaseView, ...]:
    """Return the cases with their pictures; a picture that cannot be made is replaced by the reason."""
    return tuple(_view(record, pictures) for record in records)


def _view(record: CaseRecord, pictures: PictureSource | None) -> CaseView:
    drawings: tuple[Drawing, ...] = ()
    problem = ""
    if pictures is not None:
        try:
            drawings = tuple(draw_case(picture) for picture in pictures(record))
        except (IsegformerError, OSError, ValueError, RuntimeError) as error:  # RuntimeError: torch
            problem = str(error)
    return CaseView(
        name=record.key.case,
        place=f"{record.key.dataset}, object {record.key.label}",
        result=result_in_words(record),
        drawings=drawings,
        problem=problem,
    )


def result_in_words(record: CaseRecord) -> str:
    """Return what was measured on a case."""
    if isinstance(record, VolumeRecord):
        effort = f", {_count(record.n_clicks, 'click')}" if record.n_clicks else ""
        return f"Dice {score(record) or 0.0:.3f}, {_count(len(record.annotated), 'slice')} annotated{effort}"
    last = f"IoU {record.ious[-1]:.3f} after {_count(len(record.ious), 'click')}"
    return f"{last}, {record.ious[0]:.3f} after the first, mean {score(record) or 0.0:.3f}"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
