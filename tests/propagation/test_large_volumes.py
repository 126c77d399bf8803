"""Work on a volume takes hardly more memory the more slices it has: what is large lies on disk."""

import tracemalloc
from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pytest

from isegformer import scratch
from isegformer.propagation import AdvisingPropagation, PropagatorConfig
from isegformer.propagation.methods import ShapeInterpolation, StcnPropagation
from isegformer.session import (
    AcceptSlice,
    AddObject,
    PaintMask,
    Propagate,
    RemoveObject,
    ReopenSlice,
    Session,
    WeightsFingerprint,
)
from isegformer.slicing import Plane
from isegformer.volume import label_counts, read_label_map, read_volume, write_label_map

SIDE = 64
MORE_MASK_BYTES = 300 * SIDE * SIDE
"""A mask of the slices that the longer volume has more; its voxels or labels are twice that."""


@pytest.fixture
def _nothing_large_fits(monkeypatch):
    monkeypatch.setattr(scratch, "LARGE_BYTES", 100_000)
    monkeypatch.setattr(scratch, "SLAB_BYTES", 50_000)


def write_scan(path, n_slices):
    rng = np.random.default_rng(0)
    voxels = rng.integers(0, 100, (SIDE, SIDE, n_slices)).astype(np.int16)
    voxels[10:30, 10:30] += 600
    voxels[34:60, 34:60] += 600
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), path)


def painted(label):
    mask = np.zeros((SIDE, SIDE), bool)
    side = {1: slice(10, 30), 2: slice(34, 60)}[label]
    mask[side, side] = True
    return mask


def work_through(folder, network, *, n_slices):
    """Do everything that a person does with a scan; return the labels at the end."""
    scan = folder / "scan.nii.gz"
    volume = read_volume(scan)
    config = PropagatorConfig(min_side_px=None, store_bytes=0, key_cache_bytes=10**5, recent_slices=2)
    propagations = {
        "stcn": AdvisingPropagation(StcnPropagation(network, config=config)),
        "interpolate": AdvisingPropagation(ShapeInterpolation()),
    }
    with Session.create(
        folder / "session",
        volume,
        segmenter=SimpleNamespace(),
        propagations=propagations,
        weights=WeightsFingerprint(click="", propagation=""),
    ) as session:
        for label in (1, 2):
            session.apply(AddObject(label=label, name=str(label)))
            for index in (0, n_slices - 1):
                plane = Plane(axis=2, index=index)
                session.apply(PaintMask.from_mask(painted(label), label=label, plane=plane))
        for index in (0, n_slices - 1):
            session.apply(AcceptSlice(axis=2, index=index))
        session.apply(Propagate(axis=2, method="interpolate"))
        session.undo()
        session.apply(Propagate(axis=2, method="stcn"))
        session.apply(Propagate(axis=2, method="stcn"))  # goes on from the one before
        assert session.verify_replay().is_identical
        label_map = session.label_map()
        propagations["stcn"].advice(
            label_map.labels, axis=2, annotated=session.annotated(2), geometry=volume.geometry
        )
        for index in (0, n_slices - 1):
            session.apply(ReopenSlice(axis=2, index=index))
        session.apply(RemoveObject(label=2))
        session.undo()
    for name in ("mask.nii.gz", "mask.nrrd", "mask.mha"):
        write_label_map(label_map, folder / name)
        assert label_counts(read_label_map(folder / name).labels) == label_counts(label_map.labels)
    return label_map.labels


@pytest.mark.usefixtures("_nothing_large_fits")
def test_the_peak_of_memory_does_not_grow_with_the_slices(brightness_network, tmp_path):
    peaks = []
    for n_slices in (100, 100, 400):  # the first time, caches fill
        folder = tmp_path / f"{len(peaks)}"
        folder.mkdir()
        write_scan(folder / "scan.nii.gz", n_slices)
        tracemalloc.start()
        labels = work_through(folder, brightness_network, n_slices=n_slices)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        expected = 1 * painted(1) + 2 * painted(2)
        assert all(np.array_equal(labels[:, :, index], expected) for index in range(n_slices))
    assert peaks[2] < peaks[1] + MORE_MASK_BYTES  # the runs of a change need half of that
