"""From a journal to the state: by stored effects, which is fast, or by carrying the commands out again."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from isegformer import scratch
from isegformer.errors import JournalError
from isegformer.session.commands import AdoptWeights
from isegformer.session.execution import execute
from isegformer.session.journal import Journal, JournalEntry
from isegformer.session.label_delta import LabelDelta
from isegformer.session.outcome import SessionView
from isegformer.session.protocols import Propagation, SliceSegmenter, WeightsFingerprint
from isegformer.session.sheet import Sheet
from isegformer.session.stored_prediction import StoredPrediction, prediction_from_bytes, prediction_to_bytes
from isegformer.session.timeline import Timeline, follow
from isegformer.session.voxel_counts import VoxelCounts
from isegformer.session.workspace import SliceBench, Workspace
from isegformer.types import Labels
from isegformer.volume import LabelMap, Volume


@dataclass
class State:
    """The state of a session: a sheet, and a label map that is changed in place.

    It is uint16 (I, J, K), the first axis fastest, as volumes mostly are.
    """

    sheet: Sheet
    labels: Labels
    timeline: Timeline
    seq: int = 0
    """Number of the last command that shows."""

    def __post_init__(self) -> None:
        self._counts = VoxelCounts(self.labels)

    def forward(self, delta: LabelDelta) -> None:
        """Do a change of the label map."""
        delta.forward(self.labels)
        self._counts.forward(delta)

    def backward(self, delta: LabelDelta) -> None:
        """Take a change of the label map back."""
        delta.backward(self.labels)
        self._counts.backward(delta)

    def view(self) -> SessionView:
        """Return everything but the voxels."""
        return SessionView(
            seq=self.seq,
            sheet=self.sheet,
            can_undo=self.timeline.can_undo,
            can_redo=self.timeline.can_redo,
            voxels={label: self._counts.of(label) for label in sorted(self.sheet.objects)},
        )

    def label_map(self, volume: Volume) -> LabelMap:
        """Return a copy of the labels with the names of the objects."""
        names = {label: item.name for label, item in sorted(self.sheet.objects.items())}
        return LabelMap(scratch.copy(self.labels), volume.geometry, names)


@dataclass(frozen=True, kw_only=True)
class ReplayReport:
    """How a replay compares with what the session holds."""

    reexecuted: int
    """Commands that were carried out once more."""
    taken_over: int
    """Commands that were made with weights given up since; their stored effect was taken."""
    differing_voxels: int
    is_identical: bool
    """True: label map, objects, clicks, accepted slices, rounds and settings are all the same."""
    runtime: str
    """What the session was created on, as given to `Session.create`; elsewhere results may differ."""


@dataclass(kw_only=True)
class Replayed:
    """The state at the end of a replay and how it came about."""

    state: State
    reexecuted: int = 0
    predictions: dict[int, bytes] = field(default_factory=dict)
    """By entry; only those that a later click may still refine."""


def start_state(journal: Journal) -> State:
    """Return the state before the first command."""
    header = journal.header
    sheet = Sheet(settings=header.settings)
    return State(
        sheet=sheet,
        labels=scratch.zeros(header.shape, np.uint16, order="F"),
        timeline=follow(journal.command_names()),
    )


def load_state(journal: Journal) -> State:
    """Return the state after the last command, from the stored effects; no network is asked."""
    state = start_state(journal)
    for seq in state.timeline.done:
        effect = journal.read(seq).effect
        state.sheet = effect.sheet.apply(state.sheet)
        state.forward(effect.labels)
    state.seq = journal.last_seq
    return state


def weights_at(journal: Journal) -> Callable[[int], WeightsFingerprint]:
    """Return the function from the number of an entry to the weights that were in use when it was made."""
    header = journal.header
    first = WeightsFingerprint(
        click=header.click_weights_sha256, propagation=header.propagation_weights_sha256
    )
    since = [(0, first), *_adoptions(journal)]
    return lambda seq: next(weights for start, weights in reversed(since) if start <= seq)


def _adoptions(journal: Journal) -> Iterator[tuple[int, WeightsFingerprint]]:
    for seq, name in journal.command_names():
        if name == AdoptWeights.__name__:
            command = journal.read(seq).command
            assert isinstance(command, AdoptWeights)
            yield seq, WeightsFingerprint(click=command.click, propagation=command.propagation)


def replay(
    journal: Journal, volume: Volume, *, segmenter: SliceSegmenter, propagations: Mapping[str, Propagation]
) -> LabelMap:
    """Carry out the commands in force once more, on the networks that the journal names last.

    With the same weights, device, number of threads and library versions, the result equals the session's
    label map bit by bit.
    Commands that were made before other weights were adopted cannot be repeated; what they did is taken over.
    """
    bench = SliceBench(volume, segmenter)
    return replay_on(bench, journal, volume=volume, propagations=propagations).state.label_map(volume)


def replay_on(
    bench: SliceBench, journal: Journal, *, volume: Volume, propagations: Mapping[str, Propagation]
) -> Replayed:
    """Replay with a segmenter that is on its bench already; see `replay`."""
    replayed = Replayed(state=start_state(journal))
    weights = weights_at(journal)
    current = weights(journal.last_seq)
    state = replayed.state
    for seq in state.timeline.done:
        entry = journal.read(seq)
        if weights(seq) == current:
            space = Workspace(
                volume=volume,
                labels=state.labels,
                sheet=state.sheet,
                seq=seq,
                bench=bench,
                propagations=propagations,
                load_prediction=lambda number: _prediction(replayed, number),
                weights=current,
            )
            _execute_again(entry, space, replayed=replayed)
        else:
            _take_over(entry, replayed=replayed)
    return replayed


def _execute_again(entry: JournalEntry, space: Workspace, *, replayed: Replayed) -> None:
    proposal = execute(entry.command, space)
    replayed.state.forward(proposal.labels)
    prediction = prediction_to_bytes(proposal.prediction) if proposal.prediction is not None else None
    _advance(replayed, sheet=proposal.sheet, seq=entry.seq, prediction=prediction)
    replayed.reexecuted += 1


def _take_over(entry: JournalEntry, *, replayed: Replayed) -> None:
    replayed.state.forward(entry.effect.labels)
    sheet = entry.effect.sheet.apply(replayed.state.sheet)
    _advance(replayed, sheet=sheet, seq=entry.seq, prediction=entry.prediction)


def _advance(replayed: Replayed, *, sheet: Sheet, seq: int, prediction: bytes | None) -> None:
    replayed.state.sheet = sheet
    if prediction is not None:
        replayed.predictions[seq] = prediction
    needed = set(sheet.predictions.values())
    replayed.predictions = {key: data for key, data in replayed.predictions.items() if key in needed}


def _prediction(replayed: Replayed, seq: int) -> StoredPrediction:
    if seq not in replayed.predictions:
        raise JournalError(f"entry {seq} gave no prediction when replayed, but a later click refines it")
    return prediction_from_bytes(replayed.predictions[seq])


def compare(replayed: Replayed, state: State, *, runtime: str) -> ReplayReport:
    """Return how the end of a replay differs from `state` of a session that was created on `runtime`."""
    pairs = ((replayed.state.labels[slab], state.labels[slab]) for slab in scratch.slabs(state.labels))
    differing = sum(int(np.count_nonzero(again != kept)) for again, kept in pairs)
    return ReplayReport(
        reexecuted=replayed.reexecuted,
        taken_over=len(replayed.state.timeline.done) - replayed.reexecuted,
        differing_voxels=differing,
        is_identical=differing == 0 and replayed.state.sheet == state.sheet,
        runtime=runtime,
    )
