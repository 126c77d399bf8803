"""A session that is open in the server: commands of many people, one after the other, told to all who watch.

While a propagation is under way the session takes no other command: it holds the session's command lock for
minutes, and nobody may wait for that. Two locks, in this order: `_lock` here, then those of the session.
"""

import base64
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from isegformer.clicks import Click, check_clicks_inside, clicks_of_box
from isegformer.errors import BusyError, IsegformerError, NotFoundError, SessionError
from isegformer.server import schemas, wire
from isegformer.server.advice_memory import AdviceMemory
from isegformer.server.data_root import Scan
from isegformer.server.device_turns import DeviceTurns
from isegformer.server.events import Hub
from isegformer.server.network_worker import NetworkWorker, Task
from isegformer.server.networks import AdvisingPropagation
from isegformer.server.problems import problem_of
from isegformer.server.propagation_job import PropagationJob
from isegformer.server.views import advice_document, box_document, history_document, session_document
from isegformer.session import (
    AddClick,
    AddClicks,
    Box,
    ClickPoint,
    Command,
    Outcome,
    PaintMask,
    Propagate,
    Session,
)
from isegformer.slicing import Plane, Roi, slice_shape
from isegformer.types import Labels

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """What all sessions share."""

    worker: NetworkWorker
    turns: DeviceTurns
    method: str
    target_dice: float


class LiveSession:
    """One open session and what goes on in it.

    Parameters
    ----------
    memory : of advice; what it knows of the session is taken up
    on_applied : called after each command that was applied, in the thread that applied it
    """

    def __init__(
        self,
        session: Session,
        scan: Scan,
        *,
        propagation: AdvisingPropagation,
        hub: Hub,
        workshop: Workshop,
        memory: AdviceMemory,
        on_applied: Callable[["LiveSession"], None],
    ) -> None:
        self.session = session
        self.scan = scan
        self._propagation = propagation
        self._hub = hub
        self._workshop = workshop
        self._on_applied = on_applied
        self._lock = threading.Lock()
        self._job: PropagationJob | None = None
        self._memory = memory
        memory.recall(session.view().sheet, into=propagation)

    def document(self) -> schemas.Session:
        """Return the session as it is now."""
        job = self._job
        return session_document(
            self.session,
            self.scan,
            job=None if job is None else job.document(),
            advice=self._memory.advice,
        )

    def history(self) -> schemas.History:
        """Return everything that happened."""
        return history_document(self.session.history())

    def labels(self) -> tuple[int, bytes]:
        """Return the whole label map as a block, and the number of the last command in it."""
        box = Box(start=(0, 0, 0), stop=self.session.volume.geometry.shape)
        seq, labels = self.session.label_block(box)
        return seq, wire.encode_block(labels, box, seq=seq)

    def submit(self, command: Command, *, user: str) -> Future[schemas.Applied]:
        """Queue a command; BusyError while a propagation is under way."""
        return self._submit(Task(run=lambda _: self._apply(command, user=user)))

    def submit_clicks(
        self, clicks: tuple[Click, ...], *, label: int, plane: Plane, user: str
    ) -> Future[schemas.Applied]:
        """Queue clicks; those of one person on one object and slice that pile up are one prediction.

        Raises
        ------
        ClickError : one is outside the slice
        """
        check_clicks_inside(clicks, slice_shape(self.session.volume.geometry.shape, plane.axis))

        def run(payloads: tuple[Any, ...]) -> schemas.Applied:
            gathered = tuple(click for payload in payloads for click in payload)
            return self._apply(_click_command(gathered, label=label, plane=plane), user=user)

        alike = ("clicks", label, plane, user)
        return self._submit(Task(run=run, payload=clicks, gathers_with=alike, turns=self._workshop.turns))

    def submit_box(self, box: Roi, *, label: int, plane: Plane, user: str) -> Future[schemas.Applied]:
        """Queue a box as clicks; ClickError if it leaves the slice."""
        shape = slice_shape(self.session.volume.geometry.shape, plane.axis)
        return self.submit_clicks(clicks_of_box(box, shape), label=label, plane=plane, user=user)

    def submit_paint(self, bits: bytes, *, label: int, plane: Plane, user: str) -> Future[schemas.Applied]:
        """Queue a painted mask; SessionError unless the bits are those of one slice."""
        mask = wire.unpack_mask(bits, slice_shape(self.session.volume.geometry.shape, plane.axis))
        return self.submit(PaintMask.from_mask(mask, label=label, plane=plane), user=user)

    def start_propagation(self, axis: int, *, user: str, on_end: Callable[[], None]) -> schemas.Job:
        """Begin to propagate after the commands that are queued; `on_end` is called when it is over.

        Raises
        ------
        BusyError : one is under way
        SessionError : no slice across the axis is accepted
        """
        self._check_accepted(axis)

        def ended(job: PropagationJob, outcome: Outcome | None, error: BaseException | None) -> None:
            try:
                self._job_ended(job, outcome, error)
            finally:
                on_end()

        job = PropagationJob(
            self.session,
            Propagate(axis=axis, method=self._workshop.method),
            user=user,
            turns=self._workshop.turns,
            on_progress=self._tell_progress,
            on_slice=lambda index, labels: self._preview(Plane(axis=axis, index=index), labels),
            on_end=ended,
        )
        with self._lock:
            self._check_free()
            self._workshop.worker.submit(self.scan.id, Task(run=lambda _: job.start()))
            self._job = job
            self._tell_progress(job)  # in the lock, so that its end is told after this
            return job.document()

    def end_propagation(self) -> None:
        """Ask the propagation under way to end, if there is one."""
        job = self._job
        if job is not None:
            job.cancel()

    def cancel_propagation(self) -> None:
        """Ask the propagation under way to end; NotFoundError if there is none."""
        with self._lock:
            if self._job is None:
                raise NotFoundError("no propagation is under way in this session; it may have ended just now")
            self._job.cancel()
            self._tell_progress(self._job)

    def advise(self, axis: int) -> schemas.Advice:
        """Return which slices across an axis to annotate next; SessionError before one is accepted."""
        self._check_accepted(axis)
        with self._lock:
            self._check_free()  # what the propagation remembers is changing
        return self._advised(axis)

    def _advised(self, axis: int) -> schemas.Advice:
        label_map = self.session.label_map()
        advice = self._propagation.advice(
            label_map.labels,
            axis=axis,
            annotated=self.session.annotated(axis),
            geometry=self.session.volume.geometry,
        )
        return advice_document(advice, axis=axis, target_dice=self._workshop.target_dice)

    def _submit(self, task: Task) -> Future[schemas.Applied]:
        with self._lock:
            self._check_free()
            return self._workshop.worker.submit(self.scan.id, task)

    def _check_accepted(self, axis: int) -> None:
        if not self.session.annotated(axis):
            raise SessionError(f"no slice across axis {axis} is accepted; accept at least one first")

    def _check_free(self) -> None:
        if self._job is not None:
            raise BusyError("a propagation is under way in this session; cancel it, or wait for its end")

    def _apply(self, command: Command, *, user: str) -> schemas.Applied:
        return self._applied(self.session.apply(command, user=user))

    def _applied(self, outcome: Outcome) -> schemas.Applied:
        """Tell everybody what changed, and return it for the one who asked."""
        block = None
        if outcome.changed is not None:
            seq, labels = self.session.label_block(outcome.changed)
            block = wire.encode_block(labels, outcome.changed, seq=seq)
            self._hub.publish(block)
        state = self.document()
        self._tell({"type": "state", "session": state.model_dump(mode="json")})
        self._on_applied(self)
        return schemas.Applied(
            is_applied=outcome.is_applied,
            seq=outcome.seq,
            state=state,
            changed=box_document(outcome.changed),
            block=None if block is None else base64.b64encode(block).decode("ascii"),
        )

    def _job_ended(self, job: PropagationJob, outcome: Outcome | None, error: BaseException | None) -> None:
        end: dict[str, Any] = {"type": "job_ended", "job_id": job.id, "state": "done"}
        if error is not None:
            if not isinstance(error, IsegformerError):
                logger.error("a propagation failed", exc_info=error)
            end |= {"state": "failed", "problem": problem_of(error).model_dump(mode="json")}
        elif outcome is None or not outcome.is_applied:
            end["state"] = "cancelled"
        else:
            self._keep_advice(job.axis)
        with self._lock:  # the next command is taken, and told of, after the end of this one
            self._job = None
            try:
                self._applied(outcome or Outcome(is_applied=False, seq=None, changed=None))
            finally:
                self._tell(end)

    def _keep_advice(self, axis: int) -> None:
        """Keep advice on the result of a propagation, for all who look at the session from now on."""
        try:
            advice = self._advised(axis)
        except Exception:
            logger.exception("no advice could be given")  # the propagation itself is done and kept
            advice = None
        self._memory.keep(advice, axis=axis, sheet=self.session.view().sheet, by=self._propagation)

    def _preview(self, plane: Plane, labels: Labels) -> None:
        if not self._hub.is_watched:
            return
        shape = list(self.session.volume.geometry.shape)
        start = [0, 0, 0]
        start[plane.axis], shape[plane.axis] = plane.index, plane.index + 1
        box = Box(start=(start[0], start[1], start[2]), stop=(shape[0], shape[1], shape[2]))
        block = labels.reshape([stop - first for first, stop in zip(box.start, box.stop, strict=True)])
        self._hub.publish(wire.encode_block(block, box, seq=self.session.view().seq, is_preview=True))

    def _tell_progress(self, job: PropagationJob) -> None:
        self._tell({"type": "progress", "job": job.document().model_dump(mode="json")})

    def _tell(self, document: dict[str, Any]) -> None:
        self._hub.publish(wire.to_text(document))


def _click_command(clicks: tuple[Click, ...], *, label: int, plane: Plane) -> Command:
    points = tuple(ClickPoint(row=c.row, col=c.col, is_positive=c.is_positive) for c in clicks)
    if len(points) == 1:
        (one,) = points
        return AddClick(
            label=label,
            axis=plane.axis,
            index=plane.index,
            row=one.row,
            col=one.col,
            is_positive=one.is_positive,
        )
    return AddClicks(label=label, axis=plane.axis, index=plane.index, clicks=points)
