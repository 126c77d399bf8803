"""Label maps with objects of known size, and a DICOM series with the headers that a DICOM-SEG repeats."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from isegformer.volume import Geometry, LabelMap

BALL_RADIUS_MM = 12.0


@pytest.fixture(params=["plain", "mirrored", "permuted"])
def ball_map(request) -> LabelMap:
    """A ball of label 3 on uneven grids, one of them mirrored and one with swapped axes."""
    spacing = (1.0, 0.8, 1.6)
    affine = np.diag([*spacing, 1.0])
    if request.param == "mirrored":
        affine[0, 0] *= -1
    if request.param == "permuted":
        affine = affine[:, [1, 2, 0, 3]]
    affine[:3, 3] = (5, -7, 11)
    shape = tuple(int(2 * BALL_RADIUS_MM / n) + 5 for n in Geometry((1, 1, 1), affine).spacing_mm)
    geometry = Geometry(shape, affine)
    centre = geometry.voxel_to_world([(np.array(shape) - 1) / 2])
    places = geometry.voxel_to_world(np.indices(shape).reshape(3, -1).T)
    inside = np.linalg.norm(places - centre, axis=1).reshape(shape) <= BALL_RADIUS_MM
    return LabelMap(np.where(inside, 3, 0), geometry, {3: "ball"})


WriteStudy = Callable[..., Path]


@pytest.fixture
def write_study(tmp_path) -> WriteStudy:
    """Write a series of 5 slices with 3 rows and 4 columns; the names are shuffled against the positions."""

    def write(*, orientation=(1, 0, 0, 0, 1, 0), without: tuple[str, ...] = ()) -> Path:
        folder = tmp_path / "series"
        folder.mkdir()
        normal = np.cross(orientation[:3], orientation[3:])
        study, series, frame = generate_uid(), generate_uid(), generate_uid()
        for number, place in enumerate((3, 0, 4, 2, 1)):
            position = np.array([-10.5, 20.25, 30.0]) + 2.5 * place * normal
            slice_ = _slice(folder / f"IM{number}.dcm")
            slice_.StudyInstanceUID, slice_.SeriesInstanceUID = study, series
            slice_.FrameOfReferenceUID, slice_.InstanceNumber = frame, place + 1
            slice_.ImageOrientationPatient = [f"{value:.9f}" for value in orientation]
            slice_.ImagePositionPatient = [f"{value:.9f}" for value in position]
            for keyword in without:
                delattr(slice_, keyword)
            pydicom.dcmwrite(folder / f"IM{number}.dcm", slice_)
        return folder

    return write


def _slice(path: Path) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MRImageStorage, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    slice_ = FileDataset(path, {}, file_meta=meta, preamble=b"\0" * 128)
    slice_.SOPClassUID, slice_.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    slice_.Modality, slice_.SeriesNumber = "MR", 1
    slice_.PatientID, slice_.PatientName, slice_.PatientBirthDate, slice_.PatientSex = "p", "A^B", "", ""
    slice_.StudyID, slice_.StudyDate, slice_.StudyTime = "1", "20240102", "030405"
    slice_.AccessionNumber, slice_.ReferringPhysicianName = "", ""
    slice_.Rows, slice_.Columns = 3, 4
    slice_.SamplesPerPixel, slice_.PhotometricInterpretation = 1, "MONOCHROME2"
    slice_.BitsAllocated, slice_.BitsStored, slice_.HighBit, slice_.PixelRepresentation = 16, 16, 15, 1
    slice_.PixelSpacing, slice_.SliceThickness = [0.8, 0.6], 2.5
    slice_.PixelData = np.arange(12, dtype=np.int16).tobytes()
    return slice_
