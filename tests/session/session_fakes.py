"""Stand-ins for the networks: numpy only, a function of what they are given, and sensitive to all of it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

import numpy as np

from isegformer.errors import SessionError
from isegformer.session import (
    AcceptSlice,
    AddClick,
    AddClicks,
    AddObject,
    ClearClicks,
    ClickPoint,
    Command,
    ImportLabelMap,
    OverlapRule,
    PaintMask,
    Propagate,
    RecolourObject,
    Redo,
    RemoveObject,
    RenameObject,
    ReopenSlice,
    Session,
    SetObjectLocked,
    SetObjectVisible,
    SetOverlapRule,
    Settings,
    SetWindow,
    Undo,
    WeightsFingerprint,
)
from isegformer.slicing import Plane, Roi, slice_shape
from isegformer.volume import Geometry, LabelMap, Volume

SHAPE = (5, 7, 6)
WEIGHTS = WeightsFingerprint(click="c" * 64, propagation="p" * 64)


@dataclass(frozen=True)
class FakePrediction:
    probability: np.ndarray
    mask: np.ndarray
    roi: Roi | None


class FakeSegmenter:
    """A bump around positive clicks, less one around negative ones, on the image and what was before."""

    def __init__(self, *, gain: float = 1.0) -> None:
        self.gain = gain
        self.previous_seen: list[object] = []
        self.slices_set = 0
        self._image: np.ndarray | None = None

    def set_slice(self, image):
        assert image.dtype == np.float32
        self.slices_set += 1
        self._image = image if image.ndim == 2 else image.mean(axis=2)

    def predict(self, clicks, previous):
        self.previous_seen.append(previous)
        rows, cols = np.indices(self._image.shape)
        score = 0.3 * self._image - 0.55
        for click in clicks:
            distance = (rows - click.row) ** 2 + (cols - click.col) ** 2
            score = score + (1 if click.is_positive else -1) * self.gain * np.exp(-distance / 3)
        if previous is not None:
            assert previous.mask.dtype == bool
            extent = 0.01 * previous.roi.row_stop if previous.roi is not None else 0.02
            score = score + 0.4 * previous.probability + 0.1 * previous.mask + extent
        probability = (1 / (1 + np.exp(-4 * score))).astype(np.float32)
        roi = Roi(0, max(1, clicks[-1].row), 0, self._image.shape[1]) if len(clicks) > 1 else None
        return FakePrediction(probability, probability > 0.49, roi)


def copy_nearest(
    volume,
    annotations,
    *,
    axis,
    window,
    earlier=None,
    on_progress=None,
    is_cancelled=None,
    on_slice=None,
):
    """Give every slice the labels of the nearest annotated one; on a tie the lower. Works in rounds."""
    shape = volume.geometry.shape
    new = new_slices(annotations, earlier)
    result = np.zeros(shape, np.uint16) if earlier is None or new is None else earlier.labels.copy()
    view = np.moveaxis(result, axis, 0)
    for index in range(shape[axis]):
        if is_cancelled is not None and is_cancelled():
            break
        nearest = min(annotations, key=lambda known: (abs(known - index), known))
        assert annotations[nearest].shape == slice_shape(shape, axis)
        if new is None or is_next_to(new, index, annotations=annotations):
            view[index] = annotations[nearest]
            if on_slice is not None:
                on_slice(index, annotations[nearest])
        if on_progress is not None:
            on_progress(index + 1, shape[axis])
    return result


def new_slices(annotations, earlier):
    """Return the annotations that are not those of an earlier round; None for all, in a full round."""
    if earlier is None or not earlier.annotations or set(earlier.annotations) - set(annotations):
        return None
    return {
        index
        for index, labels in annotations.items()
        if index not in earlier.annotations or not np.array_equal(labels, earlier.annotations[index])
    }


def is_next_to(new, index, *, annotations):
    """Whether no other annotated slice lies between a slice and one of the `new` ones."""
    return any(
        not any(min(index, other) < known < max(index, other) for known in annotations) for other in new
    )


PROPAGATIONS = {"nearest": copy_nearest}


def make_volume(seed: int = 0) -> Volume:
    voxels = np.random.default_rng(seed).integers(0, 1000, SHAPE).astype(np.int16)
    affine = [[0, 0, 3, -5], [-1.5, 0, 0, 7], [0, 2, 0, 1], [0, 0, 0, 1]]
    return Volume(voxels, Geometry(SHAPE, np.array(affine, float)))


def fixed_clock() -> datetime:
    return datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


def create_session(folder, **overrides) -> Session:
    return Session.create(folder, **_arguments(overrides))


def open_session(folder, **overrides) -> Session:
    return Session.open(folder, **_arguments(overrides))


def _arguments(overrides):
    arguments = {
        "volume": make_volume(),
        "segmenter": FakeSegmenter(),
        "propagations": PROPAGATIONS,
        "weights": WEIGHTS,
        "clock": fixed_clock,
    }
    return arguments | overrides


@dataclass(frozen=True)
class Snapshot:
    """All of a session's state that can be compared."""

    labels: bytes
    names: dict
    objects: tuple
    settings: Settings
    clicks: dict
    annotated: tuple
    can_undo: bool
    can_redo: bool


def snapshot(session: Session) -> Snapshot:
    label_map = session.label_map()
    planes = [Plane(axis=axis, index=index) for axis in range(3) for index in range(SHAPE[axis])]
    return Snapshot(
        labels=label_map.labels.tobytes(),
        names=dict(label_map.names),
        objects=session.objects,
        settings=session.settings,
        clicks={(label, plane): session.clicks(label, plane) for label in range(1, 4) for plane in planes},
        annotated=tuple(session.annotated(axis) for axis in range(3)),
        can_undo=session.can_undo,
        can_redo=session.can_redo,
    )


def random_command(random: Random) -> Command:
    """Return any command, undo and redo too; whether it fits the state is another matter."""
    label, axis = random.randint(1, 3), random.randint(0, 2)
    index = random.randrange(SHAPE[axis])
    height, width = slice_shape(SHAPE, axis)
    where = {"label": label, "axis": axis, "index": index}
    makers = {
        "click": lambda: AddClick(
            **where,
            row=random.randrange(height),
            col=random.randrange(width),
            is_positive=random.random() < 0.8,
        ),
        "clicks": lambda: AddClicks(
            **where, clicks=tuple(_random_point(random, (height, width)) for _ in range(random.randint(1, 3)))
        ),
        "paint": lambda: PaintMask.from_mask(
            _random_mask(random, (height, width)), label=label, plane=Plane(axis=axis, index=index)
        ),
        "clear": lambda: ClearClicks(**where),
        "add": lambda: AddObject(label=label, name=random.choice("abcd")),
        "rename": lambda: RenameObject(label=label, name=random.choice("abcd")),
        "recolour": lambda: RecolourObject(label=label, colour=random.choice(["#000000", "#ffFFff"])),
        "lock": lambda: SetObjectLocked(label=label, is_locked=random.random() < 0.4),
        "show": lambda: SetObjectVisible(label=label, is_visible=random.random() < 0.5),
        "remove": lambda: RemoveObject(label=label),
        "accept": lambda: AcceptSlice(axis=axis, index=index),
        "reopen": lambda: ReopenSlice(axis=axis, index=index),
        "propagate": lambda: Propagate(axis=axis, method="nearest"),
        "rule": lambda: SetOverlapRule(rule=random.choice(list(OverlapRule))),
        "window": lambda: SetWindow(low=random.randint(-100, 100), high=random.randint(500, 900)),
        "import": lambda: ImportLabelMap.from_label_map(random_label_map(random)),
        "undo": Undo,
        "redo": Redo,
    }
    weights = [7, 2, 4, 2, 6, 1, 1, 2, 1, 1, 4, 2, 4, 1, 1, 1, 4, 3]
    return makers[random.choices(list(makers), weights)[0]]()


def _random_point(random: Random, shape) -> ClickPoint:
    row, col = random.randrange(shape[0]), random.randrange(shape[1])
    return ClickPoint(row=row, col=col, is_positive=random.random() < 0.8)


def _random_mask(random: Random, shape) -> np.ndarray:
    return np.random.default_rng(random.randrange(2**32)).random(shape) < 0.4


def random_label_map(random: Random) -> LabelMap:
    labels = np.random.default_rng(random.randrange(2**32)).integers(0, 3, SHAPE).astype(np.uint16)
    return LabelMap(labels, make_volume().geometry, {1: "one"})


def try_apply(session: Session, command: Command) -> bool:
    """Apply a command; False if the session refused it, as it must when it does not fit."""
    try:
        session.apply(command)
    except SessionError:
        return False
    return True
