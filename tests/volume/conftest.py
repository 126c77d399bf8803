"""Tiny volumes: all sizes different, uneven spacing, and DICOM series written with pydicom."""

from collections.abc import Callable
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from isegformer.volume import Geometry, LabelMap

SPACING_MM = (0.7, 1.3, 2.9)
SHAPE = (4, 5, 6)


def _axis_orders() -> list[np.ndarray]:
    """All 48 signed permutations as rotations (3, 3)."""
    orders = []
    for axes, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
        rotation = np.zeros((3, 3))
        for column, (axis, sign) in enumerate(zip(axes, signs, strict=True)):
            rotation[axis, column] = sign
        orders.append(rotation)
    return orders


def _rotation() -> np.ndarray:
    """A rotation of 0.3 rad about z, then 0.2 rad about x."""
    c, s = np.cos(0.3), np.sin(0.3)
    d, t = np.cos(0.2), np.sin(0.2)
    return np.array([[1, 0, 0], [0, d, -t], [0, t, d]]) @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


@pytest.fixture(scope="session")
def rotation() -> np.ndarray:
    return _rotation()


@pytest.fixture(scope="session")
def geometries() -> dict[str, Geometry]:
    """48 axis orders, the same 48 rotated, and one sheared grid."""
    result = {}
    for number, order in enumerate(_axis_orders()):
        for name, turn in (("straight", np.eye(3)), ("oblique", _rotation())):
            affine = np.eye(4)
            affine[:3, :3] = turn @ order * SPACING_MM
            affine[:3, 3] = (-31.5, 17.25, 120.125)
            result[f"{name}{number}"] = Geometry(SHAPE, affine)
    sheared = np.array([[0.7, 0.1, 0, 5], [0, 1.3, 0.2, 6], [0, 0, 2.9, 7], [0, 0, 0, 1]])
    return result | {"sheared": Geometry(SHAPE, sheared)}


@pytest.fixture
def label_map(geometries: dict[str, Geometry]) -> LabelMap:
    labels = np.arange(4 * 5 * 6, dtype=np.uint16).reshape(SHAPE) % 7
    return LabelMap(labels, geometries["oblique11"], {1: "liver", 3: "left kidney"})


WriteSeries = Callable[..., np.ndarray]


@pytest.fixture
def write_series() -> WriteSeries:
    """Write a DICOM series; returns the stored pixels [column, row, slice]."""

    def write(folder: Path, *, orientation=(1, 0, 0, 0, 1, 0), positions=None, count=5, uid=None, **elements):
        folder.mkdir(exist_ok=True)
        normal = np.cross(orientation[:3], orientation[3:])
        if positions is None:
            positions = [np.array([-10.5, 20.25, 30.0]) + 2.5 * k * normal for k in range(count)]
        uid = uid or generate_uid()
        rng = np.random.default_rng(7)
        voxels = rng.integers(-500, 1500, (4, 3, len(positions))).astype(np.int16)  # 4 columns, 3 rows
        for number, place in zip(rng.permutation(len(positions)), range(len(positions)), strict=True):
            path = folder / f"IM{number:03d}_{uid[-6:]}.dcm"  # the names are shuffled against the positions
            elements |= {"SeriesInstanceUID": uid}
            elements |= {"ImageOrientationPatient": [f"{v:.9f}" for v in orientation]}
            elements |= {"ImagePositionPatient": [f"{v:.9f}" for v in positions[place]]}
            _write_slice(path, voxels[:, :, place].T, elements)
        return voxels

    return write


def _write_slice(path, pixels, elements) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MRImageStorage, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    slice_ = FileDataset(path, {}, file_meta=meta, preamble=b"\0" * 128)
    slice_.SOPClassUID, slice_.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    slice_.Modality = "MR"
    slice_.Rows, slice_.Columns = pixels.shape
    slice_.SamplesPerPixel, slice_.PhotometricInterpretation = 1, "MONOCHROME2"
    slice_.BitsAllocated, slice_.BitsStored, slice_.HighBit, slice_.PixelRepresentation = 16, 16, 15, 1
    slice_.PixelSpacing, slice_.SliceThickness = [0.8, 0.6], 2.0  # between rows, between columns
    slice_.PixelData = np.ascontiguousarray(pixels).tobytes()
    for keyword, value in elements.items():
        setattr(slice_, keyword, value)
    pydicom.dcmwrite(path, slice_)
