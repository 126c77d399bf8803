"""Pictures of volumes: the slices that their records keep, on the image and the labels of the case."""

from collections.abc import Sequence

from isegformer.errors import DatasetError
from isegformer.evaluation.data_folder import DataFolder
from isegformer.evaluation.ranking import CaseRecord
from isegformer.evaluation.records import ShownSlice, VolumeRecord
from isegformer.evaluation.report import CasePicture
from isegformer.evaluation.shown_slices import shown_mask
from isegformer.evaluation.volume_cases import VolumeObject, VolumeObjectChoice, VolumeReader
from isegformer.evaluation.volume_protocol import VolumeCase
from isegformer.propagation import VolumeSlices
from isegformer.slicing import Plane, slice_view
from isegformer.slicing.plane import IN_PLANE_AXES
from isegformer.volume import default_window


class VolumePictures:
    """A `PictureSource` that reads a volume when its pictures are wanted, and asks no network."""

    def __init__(self, folders: Sequence[DataFolder], choice: VolumeObjectChoice) -> None:
        self._reader = VolumeReader(folders, choice)

    def __call__(self, record: CaseRecord) -> tuple[CasePicture, ...]:
        """Return a picture of every slice that the record keeps.

        Raises
        ------
        DatasetError : the case has changed since it was measured, or is gone, or no slice was kept
        """
        assert isinstance(record, VolumeRecord), "slices are replayed, see click_replay"
        if not record.shown:
            raise DatasetError("no slice of it was kept; measure it anew")
        key = record.key
        case = self._reader.read(VolumeObject(dataset=key.dataset, case=key.case, label=key.label))
        if case.target.shape != record.shape:
            raise DatasetError(f"it has shape {case.target.shape} now, and was measured with {record.shape}")
        return tuple(_picture(case, record, shown) for shown in record.shown)


def _picture(case: VolumeCase, record: VolumeRecord, shown: ShownSlice) -> CasePicture:
    plane = Plane(axis=record.axis, index=shown.index)
    window = default_window(case.volume) if case.window is None else case.window
    row_axis, col_axis = IN_PLANE_AXES[record.axis]
    spacing_mm = case.volume.geometry.spacing_mm
    return CasePicture(
        image=VolumeSlices(case.volume, axis=record.axis, window=window)[shown.index],
        target=slice_view(case.target, plane),
        prediction=shown_mask(record, shown),
        clicks=shown.clicks,
        pixel_aspect=spacing_mm[row_axis] / spacing_mm[col_axis],
        place=_place(record, shown),
    )


def _place(record: VolumeRecord, shown: ShownSlice) -> str:
    annotated = ", annotated" if shown.index in record.annotated else ""
    return f"slice {shown.index}{annotated}, Dice {record.slice_dice[shown.index]:.3f}"
