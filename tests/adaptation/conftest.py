"""Small cases of a user's own."""

import numpy as np
import pytest

from isegformer.adaptation.case import labelled_case
from isegformer.volume import Geometry, LabelMap, Volume

SHAPE = (24, 30, 18)


def ball_labels(centre=(12, 14, 9), radius=7, label=2):
    """Return labels (24, 30, 18) with one ball."""
    grid = np.ogrid[tuple(slice(n) for n in SHAPE)]
    inside = sum((axis - c) ** 2 for axis, c in zip(grid, centre, strict=True)) <= radius**2
    return np.where(inside, label, 0).astype(np.uint16)


def volume_of(labels, *, seed=0, spacing_mm=(1.0, 1.2, 2.5)):
    """Return a volume that is bright where there are labels."""
    noise = np.random.default_rng(seed).integers(0, 40, labels.shape)
    voxels = (np.where(labels > 0, 200, 60) + noise).astype(np.int16)
    return Volume(voxels, Geometry(labels.shape, np.diag([*spacing_mm, 1.0])))


@pytest.fixture
def ball_case():
    """Return a case whose label map is complete: one ball, label 2."""
    labels = ball_labels()
    volume = volume_of(labels)
    return labelled_case(volume, LabelMap(labels, volume.geometry), name="ball")


@pytest.fixture
def drawn_case():
    """Return a case on which only slices 4, 8 and 12 across axis 2 were drawn."""
    labels = ball_labels()
    volume = volume_of(labels)
    drawn = np.zeros_like(labels)
    for index in (4, 8, 12):
        drawn[:, :, index] = labels[:, :, index]
    return labelled_case(volume, LabelMap(drawn, volume.geometry), name="drawn")
