"""A session: the one owner of a piece of work on one volume.

Two locks: one is held while a command is carried out, so that commands follow one another; the other only
while its result is put in place, so that reading never waits for a network. The first is taken first.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC
from types import TracebackType
from typing import Self

from isegformer import scratch
from isegformer.clicks import Click
from isegformer.errors import JournalError, SessionError
from isegformer.session.commands import Command, Redo, Undo
from isegformer.session.effect import Effect, no_effect, sheet_change
from isegformer.session.execution import execute
from isegformer.session.folder import (
    Clock,
    check_volume,
    check_weights,
    made_folder,
    new_header,
    open_journal,
    utc_now,
)
from isegformer.session.folder_lock import FolderLock
from isegformer.session.journal import JOURNAL_NAME, Journal, JournalEntry, prepare
from isegformer.session.label_delta import Box
from isegformer.session.objects import OverlapRule, SegmentObject
from isegformer.session.outcome import HistoryEntry, Outcome, SessionView
from isegformer.session.protocols import Propagation, SliceSegmenter, WeightsFingerprint
from isegformer.session.replay import ReplayReport, compare, load_state, replay_on, weights_at
from isegformer.session.sheet import Settings, SliceKey
from isegformer.session.stored_prediction import prediction_from_bytes, prediction_to_bytes
from isegformer.session.workspace import Proposal, SliceBench, Workspace
from isegformer.slicing import Plane, slice_view
from isegformer.types import CancelCallback, Labels, PathLike, ProgressCallback, SliceCallback
from isegformer.volume import LabelMap, Volume, Window, default_window


class Session:
    """Volume, objects, clicks, accepted slices and label map, changed by commands only.

    Made by `Session.create` and `Session.open`; both hold the folder until `close`.
    """

    def __init__(
        self,
        volume: Volume,
        journal: Journal,
        *,
        lock: FolderLock,
        segmenter: SliceSegmenter,
        propagations: Mapping[str, Propagation],
        clock: Clock,
    ) -> None:
        self._volume = volume
        self._journal = journal
        self._folder_lock = lock
        self._bench = SliceBench(volume, segmenter)
        self._propagations = dict(propagations)
        self._clock = clock
        self._command_lock = threading.RLock()
        self._state_lock = threading.Lock()
        self._state = load_state(journal)
        self._weights = weights_at(journal)(journal.last_seq)
        self._is_open = True
        self._is_torn = False

    @classmethod
    def create(
        cls,
        folder: PathLike,
        volume: Volume,
        *,
        segmenter: SliceSegmenter,
        propagations: Mapping[str, Propagation],
        weights: WeightsFingerprint,
        window: Window | None = None,
        runtime: str = "",
        clock: Clock = utc_now,
    ) -> Self:
        """Start a session in `folder`, which is made if need be.

        Parameters
        ----------
        window : intensities that become 0 and 1; None takes the volume's default
        runtime : device, number of threads and library versions of the networks, in any words; the journal
            keeps it and replays report it

        Raises
        ------
        JournalError : the folder holds a session already, or cannot be written
        SessionError : it is open elsewhere, or `weights` or `runtime` hold something else than text
        """
        path = made_folder(folder)
        lock = FolderLock(path)
        try:
            header = new_header(
                volume,
                weights=weights,
                window=window or default_window(volume),
                runtime=runtime,
                now=clock(),
            )
            journal = Journal.create(path / JOURNAL_NAME, header)
        except BaseException:
            lock.release()
            raise
        return cls._on(
            journal, volume, lock=lock, segmenter=segmenter, propagations=propagations, clock=clock
        )

    @classmethod
    def open(
        cls,
        folder: PathLike,
        volume: Volume,
        *,
        segmenter: SliceSegmenter,
        propagations: Mapping[str, Propagation],
        weights: WeightsFingerprint,
        clock: Clock = utc_now,
    ) -> Self:
        """Go on with the session in `folder`, after the last command that was applied there.

        Raises
        ------
        JournalError : no session there, or its journal is damaged (the file is left as it is)
        SessionMismatchError : the session was made on another volume or with other weights
        SessionError : it is open elsewhere
        """
        lock, journal = open_journal(folder)
        try:
            check_volume(journal, volume)
            check_weights(journal, weights)
        except BaseException:
            journal.close()
            lock.release()
            raise
        return cls._on(
            journal, volume, lock=lock, segmenter=segmenter, propagations=propagations, clock=clock
        )

    @classmethod
    def _on(
        cls,
        journal: Journal,
        volume: Volume,
        *,
        lock: FolderLock,
        segmenter: SliceSegmenter,
        propagations: Mapping[str, Propagation],
        clock: Clock,
    ) -> Self:
        """Return the session on an open journal; journal and folder are let go if that fails."""
        try:
            return cls(
                volume, journal, lock=lock, segmenter=segmenter, propagations=propagations, clock=clock
            )
        except BaseException:
            journal.close()
            lock.release()
            raise

    def close(self) -> None:
        """Wait for the command at work, then let go of the folder; more than once does no harm."""
        with self._command_lock:
            self._is_open = False
            self._journal.close()
            self._folder_lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def apply(
        self,
        command: Command,
        *,
        user: str | None = None,
        on_progress: ProgressCallback | None = None,
        is_cancelled: CancelCallback | None = None,
        on_slice: SliceCallback | None = None,
    ) -> Outcome:
        """Carry out a command; on return it is in the journal, on disk.

        Whatever is raised, the state is what it was before.

        Parameters
        ----------
        on_slice : given slices of a propagation before it is applied, as they would be drawn; only methods
            that have them early call it

        Raises
        ------
        SessionError : the command does not fit the state; LockedObjectError where a lock is the reason
        ClickError : a click outside its slice
        PropagationError : annotations that cannot be propagated
        JournalError : the command could not be written, for instance because the disk is full
        """
        with self._command_lock:
            self._check_usable()
            if isinstance(command, Undo):
                return self._undo(user)
            if isinstance(command, Redo):
                return self._redo(user)
            space = replace(
                self._workspace(), on_progress=on_progress, is_cancelled=is_cancelled, on_slice=on_slice
            )
            proposal = execute(command, space)
            if proposal.is_cancelled:
                return Outcome(is_applied=False, seq=None, changed=None)
            return self._do(command, proposal, user=user)

    def undo(self, *, user: str | None = None) -> Outcome:
        """Take the last command in force back; SessionError if there is none."""
        return self.apply(Undo(), user=user)

    def redo(self, *, user: str | None = None) -> Outcome:
        """Bring the command that was undone last back; SessionError if there is none."""
        return self.apply(Redo(), user=user)

    @property
    def can_undo(self) -> bool:
        """Whether a command is in force."""
        return self._state.timeline.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether an undone command can be brought back."""
        return self._state.timeline.can_redo

    @property
    def volume(self) -> Volume:
        """The volume that is worked on."""
        return self._volume

    @property
    def weights(self) -> WeightsFingerprint:
        """The weights of the networks in use."""
        return self._weights

    @property
    def objects(self) -> tuple[SegmentObject, ...]:
        """All objects, by rising label."""
        return tuple(item for _, item in sorted(self._state.sheet.objects.items()))

    @property
    def settings(self) -> Settings:
        """Overlap rule and window."""
        return self._state.sheet.settings

    @property
    def overlap_rule(self) -> OverlapRule:
        """Who gets the voxels that two objects both claim."""
        return self.settings.overlap_rule

    def clicks(self, label: int, plane: Plane) -> tuple[Click, ...]:
        """Return the clicks for one object on one slice, oldest first."""
        key = SliceKey(label=label, axis=plane.axis, index=plane.index)
        return self._state.sheet.clicks.get(key, ())

    def annotated(self, axis: int) -> tuple[int, ...]:
        """Return the indices of the accepted slices across `axis`, rising."""
        return tuple(sorted(plane.index for plane in self._state.sheet.accepted if plane.axis == axis))

    def view(self) -> SessionView:
        """Return everything but the voxels, as it is at this moment."""
        with self._state_lock:
            return self._state.view()

    def label_block(self, box: Box) -> tuple[int, Labels]:
        """Return a copy of the labels in a box, and the number of the last command that they show."""
        with self._state_lock:
            block: Labels = scratch.copy(self._state.labels[box.slices])
            return self._state.seq, block

    def label_map(self) -> LabelMap:
        """Return a copy of the label map with the names of the objects."""
        with self._state_lock:
            return self._state.label_map(self._volume)

    def slice_labels(self, plane: Plane) -> Labels:
        """Return a copy of the labels (H, W) of one slice; GeometryError outside the volume."""
        with self._state_lock:
            labels: Labels = slice_view(self._state.labels, plane).copy()
            return labels

    def history(self) -> tuple[HistoryEntry, ...]:
        """Return everything that happened, undone commands too, oldest first."""
        in_force = set(self._state.timeline.done)
        entries = (self._journal.read(seq) for seq in range(1, self._journal.last_seq + 1))
        return tuple(
            HistoryEntry(
                seq=entry.seq,
                time_utc=entry.time_utc,
                user=entry.user,
                command=entry.command,
                is_in_force=entry.seq in in_force,
            )
            for entry in entries
        )

    def verify_replay(self) -> ReplayReport:
        """Carry out all commands in force once more and compare the result with the state."""
        with self._command_lock:
            self._check_usable()
            replayed = replay_on(
                self._bench, self._journal, volume=self._volume, propagations=self._propagations
            )
            return compare(replayed, self._state, runtime=self._journal.header.runtime)

    def _workspace(self) -> Workspace:
        return Workspace(
            volume=self._volume,
            labels=self._state.labels,
            sheet=self._state.sheet,
            seq=self._journal.last_seq + 1,
            bench=self._bench,
            propagations=self._propagations,
            load_prediction=lambda seq: prediction_from_bytes(self._journal.prediction(seq)),
            weights=self._weights,
        )

    def _do(self, command: Command, proposal: Proposal, *, user: str | None) -> Outcome:
        effect = Effect(sheet=sheet_change(self._state.sheet, proposal.sheet), labels=proposal.labels)
        prediction = prediction_to_bytes(proposal.prediction) if proposal.prediction is not None else None
        entry = self._entry(command, effect, user=user, prediction=prediction)

        def put_in_place() -> None:
            self._state.sheet = proposal.sheet
            self._state.forward(proposal.labels)
            self._state.timeline.do(entry.seq)

        return self._record(entry, put_in_place, changed=proposal.labels.box(self._volume.geometry.shape))

    def _undo(self, user: str | None) -> Outcome:
        effect = self._journal.read(self._state.timeline.next_undo()).effect

        def put_in_place() -> None:
            self._state.sheet = effect.sheet.reverse().apply(self._state.sheet)
            self._state.backward(effect.labels)
            self._state.timeline.undo()

        entry = self._entry(Undo(), no_effect(), user=user)
        return self._record(entry, put_in_place, changed=effect.labels.box(self._volume.geometry.shape))

    def _redo(self, user: str | None) -> Outcome:
        effect = self._journal.read(self._state.timeline.next_redo()).effect

        def put_in_place() -> None:
            self._state.sheet = effect.sheet.apply(self._state.sheet)
            self._state.forward(effect.labels)
            self._state.timeline.redo()

        entry = self._entry(Redo(), no_effect(), user=user)
        return self._record(entry, put_in_place, changed=effect.labels.box(self._volume.geometry.shape))

    def _entry(
        self, command: Command, effect: Effect, *, user: str | None, prediction: bytes | None = None
    ) -> JournalEntry:
        seq = self._journal.last_seq + 1
        now = self._clock().astimezone(UTC)
        return JournalEntry(
            seq=seq, time_utc=now, user=user, command=command, effect=effect, prediction=prediction
        )

    def _record(
        self, entry: JournalEntry, put_in_place: Callable[[], None], *, changed: Box | None
    ) -> Outcome:
        """Write first, then change the state; written but not put in place makes the session unusable."""
        prepared = prepare(entry)
        self._is_torn = True
        try:
            self._journal.append(prepared)
        except JournalError:
            self._is_torn = False
            raise
        with self._state_lock:
            put_in_place()
            self._state.seq = entry.seq
        self._is_torn = False
        return Outcome(is_applied=True, seq=entry.seq, changed=changed)

    def _check_usable(self) -> None:
        if not self._is_open:
            raise SessionError("the session is closed; open its folder again")
        if self._is_torn:
            raise SessionError(
                "the session was interrupted while it wrote a command; close it and open its folder again, "
                "all that was written is there"
            )
