"""Stand-ins for networks and small scans, shared by the tests of the server and the process they kill."""

from dataclasses import dataclass
from pathlib import Path
from threading import Event

import nibabel as nib
import numpy as np

from isegformer.propagation import Advice, EvidenceLog, SliceEvidence, SliceSuggestion
from isegformer.server import Limits, Networks, ServerSettings
from isegformer.session import WeightsFingerprint
from isegformer.slicing import Roi

SHAPE = (7, 9, 5)
TOKEN = "t" * 32
OTHER_TOKEN = "u" * 32
USERS = {"eva": TOKEN, "ben": OTHER_TOKEN}


@dataclass(frozen=True)
class Drawn:
    probability: np.ndarray
    mask: np.ndarray
    roi: Roi | None = None


class DiskSegmenter:
    """Positive clicks draw disks of two pixels, negative ones erase them."""

    def __init__(self, *, before=lambda: None):
        self._before = before
        self._shape = None
        self.calls = []

    def set_slice(self, image):
        self._shape = image.shape[:2]

    def predict(self, clicks, previous):
        self._before()
        self.calls.append(len(clicks))
        rows, cols = np.indices(self._shape)
        mask = np.zeros(self._shape, bool)
        for click in clicks:
            near = np.hypot(rows - click.row, cols - click.col) <= 2
            mask = mask | near if click.is_positive else mask & ~near
        return Drawn(np.where(mask, 0.75, 0.25).astype(np.float32), mask)


class NearestPropagation:
    """Every slice gets the labels of the nearest annotated one; `before_slice` is called before each."""

    def __init__(self, *, before_slice=lambda index: None):
        self._before_slice = before_slice
        self.logs = {}

    def __call__(
        self,
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
        shape = volume.geometry.shape
        result = np.zeros(shape, np.uint16)
        view = np.moveaxis(result, axis, 0)
        for index in range(shape[axis]):
            if is_cancelled is not None and is_cancelled():
                break
            self._before_slice(index)
            view[index] = annotations[min(annotations, key=lambda known: (abs(known - index), known))]
            if on_slice is not None:
                on_slice(index, view[index])
            if on_progress is not None:
                on_progress(index + 1, shape[axis])
        self.logs[axis] = EvidenceLog()
        self.logs[axis](SliceEvidence(index=2, label=1, entropy_px=4.5, disagreement_px=None))
        return result

    def evidence(self, axis):
        return self.logs.get(axis, EvidenceLog())

    def recall(self, axis, log):
        self.logs[axis] = log

    def advice(self, labels, *, axis, annotated, geometry):
        present = {int(label): 0.95 for label in np.unique(labels) if label}
        suggestion = SliceSuggestion(index=3, gain=0.01, predicted_dice=present, reason="object 1: far away")
        return Advice(predicted_dice=present, suggestions=(suggestion,))


class Gate:
    """Holds a thread until the test opens it; tells the test that a thread is waiting."""

    def __init__(self):
        self.is_reached = Event()
        self._may_go_on = Event()

    def __call__(self, *_):
        self.is_reached.set()
        assert self._may_go_on.wait(30)

    def open(self):
        self._may_go_on.set()


def fake_networks(*, segmenter=DiskSegmenter, propagation=NearestPropagation, weights="c"):
    return Networks(
        new_segmenter=segmenter,
        new_propagation=propagation,
        method="nearest",
        fingerprint=WeightsFingerprint(click=weights * 64, propagation="p" * 64),
        click_weights="disks",
        propagation_weights="nearest",
        device="cpu",
        runtime="no network",
    )


def voxels_of(seed=0):
    return np.random.default_rng(seed).integers(0, 1000, SHAPE).astype(np.int16)


def write_scan(path: Path, *, seed=0, voxels=None):
    affine = np.array([[0, 0, 3, -5], [-1.5, 0, 0, 7], [0, 2, 0, 1], [0, 0, 0, 1]], float)
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(voxels_of(seed) if voxels is None else voxels, affine), path)
    return path


def make_settings(data_root: Path, **overrides):
    arguments = {
        "data_root": data_root,
        "state_root": data_root / ".isegformer",
        "users": USERS,
        "host_names": ("testserver",),
        "lock_patience_s": 0.2,
        "limits": Limits(upload_bytes=200_000, body_bytes=100_000, voxels=20_000, compression=50),
    }
    return ServerSettings(**{**arguments, **overrides})
