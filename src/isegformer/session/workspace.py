"""What commands are carried out on, and what comes of it: a proposal, which changes nothing yet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from isegformer.clicks import Click
from isegformer.errors import SessionError
from isegformer.session.label_delta import LabelDelta, changed_slices, no_change
from isegformer.session.protocols import Propagation, SliceSegmenter, WeightsFingerprint
from isegformer.session.sheet import Sheet, SliceKey
from isegformer.session.stored_prediction import StoredPrediction, prediction_from_mask, round_prediction
from isegformer.slicing import Plane, slice_shape, slice_view
from isegformer.types import CancelCallback, Labels, ProgressCallback, SliceCallback
from isegformer.volume import Volume, Window, apply_window


class SliceBench:
    """A segmenter together with the slice it looks at, so that clicks on one slice set it once."""

    def __init__(self, volume: Volume, segmenter: SliceSegmenter) -> None:
        self._volume = volume
        self._segmenter = segmenter
        self._on_bench: tuple[Plane, Window] | None = None

    def predict(
        self, clicks: tuple[Click, ...], previous: StoredPrediction | None, *, plane: Plane, window: Window
    ) -> StoredPrediction:
        """Return the prediction for one object on the slice `plane`, rounded as the journal keeps it."""
        if self._on_bench != (plane, window):
            self._on_bench = None  # should set_slice fail, the next call sets the slice again
            self._segmenter.set_slice(apply_window(slice_view(self._volume.voxels, plane), window))
            self._on_bench = (plane, window)
        prediction = self._segmenter.predict(clicks, previous)
        return round_prediction(prediction, shape=slice_shape(self._volume.geometry.shape, plane.axis))


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """The session as a command finds it. Commands read it and return a `Proposal`."""

    volume: Volume
    labels: Labels
    """Uint16 (I, J, K); read only."""
    sheet: Sheet
    seq: int
    """Number that the command's journal entry will have."""
    bench: SliceBench
    propagations: Mapping[str, Propagation]
    load_prediction: Callable[[int], StoredPrediction]
    """Reads the prediction of a journal entry by its number."""
    weights: WeightsFingerprint
    """The weights in use."""
    on_progress: ProgressCallback | None = None
    is_cancelled: CancelCallback | None = None
    on_slice: SliceCallback | None = None
    """Given slices across the axis of a propagation as they would be drawn."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (I, J, K) of the label map."""
        return self.volume.geometry.shape

    def slice_labels(self, plane: Plane) -> Labels:
        """Return the labels (H, W) of a slice; SessionError if the volume has no such slice."""
        length = self.shape[plane.axis]
        if plane.index >= length:
            raise SessionError(f"slice {plane.index} across axis {plane.axis}, expected 0 to {length - 1}")
        return slice_view(self.labels, plane)

    def previous_prediction(self, key: SliceKey) -> StoredPrediction | None:
        """Return what the next click refines.

        The last prediction, unless something else changed the object on the slice since; then its mask as it
        is now, and None where it has no voxel.
        """
        if key in self.sheet.predictions:
            return self.load_prediction(self.sheet.predictions[key])
        mask = self.slice_labels(key.plane) == key.label
        return prediction_from_mask(mask) if mask.any() else None


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What a command would change."""

    sheet: Sheet
    labels: LabelDelta
    prediction: StoredPrediction | None = None
    is_cancelled: bool = False
    """True: the work was given up; nothing of it counts."""


def proposal(
    sheet: Sheet,
    labels: LabelDelta | None = None,
    *,
    shape: tuple[int, int, int],
    drawn: SliceKey | None = None,
    prediction: StoredPrediction | None = None,
) -> Proposal:
    """Return the proposal for a new sheet and changed voxels; `drawn` keeps its prediction.

    Every other prediction whose object changed on its slice is forgotten: it no longer says what is there.
    """
    delta = labels if labels is not None else no_change()
    if not sheet.predictions or not delta.starts.size:
        return Proposal(sheet=sheet, labels=delta, prediction=prediction)
    changed = {
        SliceKey(label=label, axis=axis, index=index) for label, axis, index in changed_slices(delta, shape)
    }
    kept = {key: seq for key, seq in sheet.predictions.items() if key == drawn or key not in changed}
    return Proposal(sheet=replace(sheet, predictions=kept), labels=delta, prediction=prediction)
