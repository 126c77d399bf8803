"""The engine of rounds: annotated slices in, probabilities of all slices between and beyond them out.

The rules are in docs/decisions/0005-propagation-rules.md. Shapes: N objects, H x W pixels of the working
grid.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, TracebackType

import numpy as np
import torch
from torch import Tensor, nn

from isegformer.errors import PropagationError
from isegformer.models.fusion import FusionNetwork
from isegformer.propagation.aggregation import masks_of
from isegformer.propagation.annotations import check_annotations, objects_in
from isegformer.propagation.config import PropagatorConfig
from isegformer.propagation.earlier import EarlierResult, checked_earlier
from isegformer.propagation.evidence import RoundWatch, SliceEvidence
from isegformer.propagation.finishing import FinisherMaker, NetworkAlone, SliceFinisher
from isegformer.propagation.fusing import (
    Correction,
    Fuser,
    LinearFuser,
    NetworkFuser,
    SliceToFuse,
    blend,
    correction_of,
)
from isegformer.propagation.memory import MemoryBank, MemoryEntry
from isegformer.propagation.plan import Joining, Pass, plan_round
from isegformer.propagation.probabilities import ProbabilityStore
from isegformer.propagation.slice_encoder import SliceEncoder, compete
from isegformer.propagation.slices import SliceSource
from isegformer.propagation.stopping import ObjectAtEnds, ObjectTracker
from isegformer.runtimes import PropagationEngine
from isegformer.types import CancelCallback, Labels, ProgressCallback, SliceCallback


@dataclass(frozen=True, kw_only=True)
class RoundReport:
    """What a round did."""

    done: int
    """Slices predicted, counted once for each pass over them."""

    total: int
    """Slices that the whole round has to predict."""

    is_cancelled: bool

    touched: tuple[int, ...]
    """Indices of the slices whose result was written, ascending, without the annotated ones."""


class Propagator:
    """Carries annotations through a stack of slices, round after round.

    Results are written slice by slice. A round that is cancelled or fails leaves on every slice either the
    finished new result or what was there before; its annotations stay. The same calls give the same result.

    Parameters
    ----------
    finish : makes what turns a round's probabilities into labels; the stored ones are the network's
    """

    def __init__(
        self,
        network: PropagationEngine,
        slices: SliceSource,
        *,
        fusion: FusionNetwork | None = None,
        config: PropagatorConfig | None = None,
        finish: FinisherMaker = NetworkAlone,
    ) -> None:
        if isinstance(network, nn.Module) and network.training:
            raise PropagationError("the network is in training mode, expected evaluation mode: call .eval()")
        self._config = PropagatorConfig() if config is None else config
        self._slices = slices
        self._encoder = SliceEncoder(network, slices, config=self._config)
        self._fuser: Fuser = (
            LinearFuser()
            if fusion is None
            else NetworkFuser(fusion.eval(), block_bytes=self._config.block_bytes)
        )
        self._finish = finish
        self._finishers: dict[int, SliceFinisher] = {}
        self._annotations: dict[int, Labels] = {}
        self._permanent: dict[int, MemoryEntry] = {}
        self._earlier: Labels | None = None
        self._store = ProbabilityStore(
            len(slices),
            self._encoder.grid.shape,
            budget_bytes=self._config.store_bytes,
            folder=self._config.temporary_folder,
        )

    def __enter__(self) -> "Propagator":
        """Return itself; leaving the context closes it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Delete temporary files."""
        self.close()

    def close(self) -> None:
        """Delete temporary files; the propagator cannot be used any more."""
        self._store.close()

    @property
    def annotations(self) -> Mapping[int, Labels]:
        """Annotated slices so far, by index."""
        return MappingProxyType(self._annotations)

    @property
    def objects(self) -> list[int]:
        """Labels of the objects annotated so far, ascending."""
        return self._store.objects

    @property
    def store(self) -> ProbabilityStore:
        """The probabilities of all objects on all slices, on the working grid."""
        return self._store

    def labels(self, index: int) -> Labels:
        """Return the result on a slice, uint16 (H, W): its annotation, or what the finisher makes of it.

        A slice that no pass has reached yet is as before the first round: background, or as resumed from.
        """
        if index in self._annotations:
            return self._annotations[index].copy()
        if not self._store.is_written(index):
            empty = np.zeros(self._slices.shape, dtype=np.uint16)
            return empty if self._earlier is None else self._earlier[index].copy()
        probability = self._encoder.grid.crop(self._store.read(index))
        return self._finishers[index].labels(index, probability, objects=self.objects)

    def all_labels(self) -> Labels:
        """Return the result on all slices, uint16 (T, H, W)."""
        result = self._slices.new_labels()
        for index in range(len(self._slices)):
            result[index] = self.labels(index)
        return result

    def evidence(self, index: int, watch: RoundWatch) -> Iterator[SliceEvidence]:
        """Yield what the last round, followed by `watch`, saw of each object on a slice that it wrote."""
        probability = self._encoder.grid.crop(self._store.read(index)).numpy()
        return watch.evidence(index, probability=probability, objects=self.objects)

    def resume(self, earlier: EarlierResult) -> None:
        """Go on from what earlier rounds left, as if they had been run here; before the first round.

        Their probabilities are known as labels only, so they count as 0 and 1. Every slice counts as
        finished. An object that appears later is absent there.

        Parameters
        ----------
        earlier : its labels (T, H, W) are kept, not copied, and must stay as they are

        Raises
        ------
        PropagationError : a round was run already, or annotations that cannot be propagated
        ShapeMismatchError : labels of another shape than the slices
        """
        if self._annotations:
            raise PropagationError("a round was run already, expected a new propagator to resume with")
        checked = checked_earlier(earlier, n_slices=len(self._slices), shape=self._slices.shape)
        known = {index: checked.labels[index] for index in range(len(checked.labels))}  # views
        for label in objects_in({**known, **checked.annotations}):
            self._store.add_object(label)
        self._annotations = dict(checked.annotations)
        self._earlier = checked.labels
        self._store.start_from(self._as_resumed)

    @torch.inference_mode()
    def run_round(
        self,
        new_annotations: Mapping[int, Labels],
        *,
        on_progress: ProgressCallback | None = None,
        is_cancelled: CancelCallback | None = None,
        on_slice: SliceCallback | None = None,
        watch: RoundWatch | None = None,
    ) -> RoundReport:
        """Take in newly annotated slices and propagate each to its neighbouring annotated slices or the ends.

        Parameters
        ----------
        new_annotations : uint16 labels (H, W) by slice index; a slice may be annotated again
        on_progress : called after each predicted slice
        is_cancelled : asked before each slice
        on_slice : given the labels of each predicted slice, before `on_progress`
        watch : told where passes come upon results, for `evidence`; the result is the same without

        Raises
        ------
        PropagationError : annotations that cannot be propagated; see `check_annotations`, or no object at all
        ShapeMismatchError : labels of another shape than the slices
        """
        new = check_annotations(new_annotations, n_slices=len(self._slices), shape=self._slices.shape)
        if not (self.objects or objects_in(new)):
            raise PropagationError(
                f"annotated slices {list(new)} hold no object, expected at least one label above 0"
            )
        corrections = self._take_in(new)
        finisher = self._finish(dict(self._annotations))
        passes = plan_round(new.keys(), self._annotations.keys(), n_slices=len(self._slices))
        total, done, touched = sum(len(one.indices) for one in passes), 0, set[int]()
        surest: dict[int, float] = {}
        for place, one in enumerate(passes):
            later = [another.indices for another in passes[place + 1 :]]
            walk = _Walk(
                memory=self._memory(one), tracker=self._tracker(one, surest=surest), last_memory=one.start
            )
            for index in one.indices:
                if is_cancelled is not None and is_cancelled():
                    return _report(done, total, touched)
                self._step(one, index, walk, correction=corrections[one.start], watch=watch)
                if not any(index in indices for indices in later):
                    self._encoder.forget(index)
                self._finishers[index] = finisher
                done += 1
                touched.add(index)
                if on_slice is not None:
                    on_slice(index, self.labels(index))
                if on_progress is not None:
                    on_progress(done, total)
        return _report(done, total, touched)

    def _take_in(self, new: Mapping[int, Labels]) -> dict[int, Correction]:
        """Register annotations; return what each changed in the stored result."""
        fresh = [label for label in objects_in(new) if label not in self.objects]
        if fresh:
            self._permanent.clear()  # entries lack the values of the new objects
        for label in fresh:
            self._store.add_object(label)
        corrections = {}
        for index, labels in new.items():
            masks = self._masks(labels)
            stored = self._stored(index)
            corrections[index] = correction_of(masks, stored, key=self._encoder.keys(index).key)
            self._permanent.pop(index, None)
        for index, labels in new.items():
            self._annotations[index] = labels
            self._store.write(index, self._masks(labels)[:, 0], objects=self.objects)
        return corrections

    def _step(
        self, one: Pass, index: int, walk: "_Walk", *, correction: Correction, watch: RoundWatch | None
    ) -> None:
        """Predict one slice of a pass, remember it if that is due, join the result with what is stored."""
        objects = walk.tracker.active
        probability = None
        if objects:
            probability = self._predict(one, index, walk, objects=objects)
            walk.tracker.observe(probability)
            self._remember(one, index, walk, probability=probability, objects=objects)
        everything = self._over_all_objects(probability, objects)
        if watch is not None and self._store.is_known(index):
            crop = self._encoder.grid.crop
            watch.meet(
                index, new=crop(everything).cpu().numpy(), stored=crop(self._store.read(index)).numpy()
            )
        joined = self._join(one, index, everything, correction=correction)
        self._store.write(index, joined, objects=self.objects)

    def _predict(self, one: Pass, index: int, walk: "_Walk", *, objects: list[int]) -> Tensor:
        """Return the probabilities (N, H, W) of a slice; it may have been predicted with the one before."""
        if index not in walk.ahead:
            indices = self._with_the_same_memory(one, index, walk)
            logits = self._encoder.logits(indices, walk.memory, objects=objects)
            walk.ahead = dict(zip(indices, logits, strict=True))
            walk.ahead_objects = objects
        places = [walk.ahead_objects.index(label) for label in objects]  # one may have ended meanwhile
        return compete(walk.ahead.pop(index)[places])

    def _with_the_same_memory(self, one: Pass, index: int, walk: "_Walk") -> list[int]:
        """Return a slice and those after it in a pass that memory does not change before."""
        until_change = self._config.memory_every - abs(index - walk.last_memory) + 1
        most = max(1, min(until_change, self._encoder.slices_together))
        return list(range(index, one.stop, one.step)[:most])

    def _remember(
        self, one: Pass, index: int, walk: "_Walk", *, probability: Tensor, objects: list[int]
    ) -> None:
        is_last = index == one.indices[-1]
        active = walk.tracker.active
        if is_last or not active or abs(index - walk.last_memory) < self._config.memory_every:
            return
        masks = probability[[objects.index(label) for label in active]][:, None]
        walk.memory.add(self._encoder.entry(index, masks, objects=active))
        walk.last_memory = index

    def _join(self, one: Pass, index: int, new: Tensor, *, correction: Correction) -> Tensor:
        if one.joining is Joining.REPLACE or not self._store.is_known(index):
            return new
        if one.joining is Joining.BLEND:
            return blend(new, self._stored(index), share=one.far_share(index))
        return self._fuser.fuse(
            SliceToFuse(
                frame=self._encoder.frame(index),
                key=self._encoder.keys(index).key,
                stored=self._stored(index),
                new=new,
                far_share=one.far_share(index),
                correction=correction,
            )
        )

    def _over_all_objects(self, probability: Tensor | None, objects: list[int]) -> Tensor:
        """Return probabilities (N, H, W) of all objects; those not carried have 0."""
        full = torch.zeros(len(self.objects), *self._encoder.grid.shape, device=self._encoder.device)
        if probability is not None:
            full[[self.objects.index(label) for label in objects]] = probability
        return full

    def _memory(self, one: Pass) -> MemoryBank:
        """Return a memory that begins with the annotated slices nearest to the start of a pass."""
        by_distance = sorted(self._annotations, key=lambda index: (abs(index - one.start), index))
        nearest = sorted(by_distance[: self._config.annotated_slices])
        self._permanent = {
            index: self._permanent[index] if index in self._permanent else self._permanent_entry(index)
            for index in nearest
        }
        return MemoryBank(self._permanent.values(), max_recent=self._config.recent_slices)

    def _permanent_entry(self, index: int) -> MemoryEntry:
        masks = self._masks(self._annotations[index])
        return self._encoder.entry(index, masks, objects=self.objects)

    def _tracker(self, one: Pass, *, surest: dict[int, float]) -> ObjectTracker:
        areas = self._masks(self._annotations[one.start]).sum(dim=(1, 2, 3))
        far = set() if one.far is None else set(objects_in({one.far: self._annotations[one.far]}))
        return ObjectTracker(
            self._config.stop,
            {
                label: ObjectAtEnds(start_area_px=int(area), is_at_far_end=label in far)
                for label, area in zip(self.objects, areas, strict=True)
            },
            surest=surest,
        )

    def _masks(self, labels: Labels) -> Tensor:
        return self._encoder.grid.masks(masks_of(labels, self.objects), device=self._encoder.device)

    def _as_resumed(self, index: int) -> Tensor:
        """Return the earlier result of a slice as probabilities 0 and 1, (N, H, W) on the CPU."""
        assert self._earlier is not None
        labels = self._annotations.get(index, self._earlier[index])
        masks = masks_of(labels, self.objects)
        return self._encoder.grid.masks(masks, device=torch.device("cpu"))[:, 0]

    def _stored(self, index: int) -> Tensor:
        return self._store.read(index).to(self._encoder.device)


@dataclass(kw_only=True)
class _Walk:
    """Where a pass stands."""

    memory: MemoryBank
    tracker: ObjectTracker
    last_memory: int
    """The last slice that went into memory."""
    ahead: dict[int, Tensor] = field(default_factory=dict)
    """Logits (N, 1, H, W) of slices that were predicted with one before them, from the same memory."""
    ahead_objects: list[int] = field(default_factory=list)
    """Labels of those N objects."""


def _report(done: int, total: int, touched: set[int]) -> RoundReport:
    return RoundReport(done=done, total=total, is_cancelled=done < total, touched=tuple(sorted(touched)))
