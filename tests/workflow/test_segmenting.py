"""Clicks on several objects, each on slices of its own."""

import numpy as np
import pytest

from isegformer.cli.clicks_file import parse_clicks
from isegformer.cli.networks import as_propagation
from isegformer.errors import SessionError
from isegformer.interaction import Prediction
from isegformer.propagation import ShapeInterpolation
from isegformer.volume import Geometry, Volume
from isegformer.workflow import apply_clicks, apply_propagation, slices_of_objects, temporary_session

SHAPE = (30, 26, 12)


class Disks:
    """Predicts a disk of radius 3 around every positive click."""

    def set_slice(self, image):
        self._shape = image.shape

    def predict(self, clicks, previous):
        rows, cols = np.indices(self._shape)
        near = [np.hypot(rows - c.row, cols - c.col) <= 3 for c in clicks if c.is_positive]
        return Prediction(probability=np.any(near, axis=0).astype(np.float32))


@pytest.fixture
def volume():
    return Volume(np.zeros(SHAPE, np.uint8), Geometry(SHAPE, np.diag([1.0, 1.0, 2.0, 1.0])))


def objects_at(volume, **places):
    """Return objects with one positive click at each of their voxels."""
    record = {
        "objects": [
            {
                "name": name,
                "label": number,
                "clicks": [{"voxel": list(voxel), "positive": True} for voxel in voxels],
            }
            for number, (name, voxels) in enumerate(places.items(), start=1)
        ]
    }
    return parse_clicks(record, geometry=volume.geometry)


def segmented(volume, objects):
    propagations = {"interpolate": as_propagation(ShapeInterpolation())}
    with temporary_session(volume, segmenter=Disks(), propagations=propagations) as session:
        apply_clicks(session, objects, axis=2)
        before = session.label_map().labels.copy()
        apply_propagation(session, objects, axis=2, method="interpolate")
        return before, session.label_map().labels, session.annotated(2), session.objects


def test_an_object_without_clicks_on_a_slice_may_still_be_there(volume):
    objects = objects_at(volume, a=[(6, 6, 1), (6, 6, 9)], b=[(20, 20, 4), (20, 20, 6)])
    before, labels, annotated, listed = segmented(volume, objects)
    assert [np.count_nonzero(labels[:, :, k] == 1) for k in range(12)] == [0] + [29] * 9 + [0, 0]
    assert [np.count_nonzero(labels[:, :, k] == 2) for k in range(12)] == [0] * 4 + [29] * 3 + [0] * 5
    assert annotated == (1, 4, 6, 9)
    assert not any(item.is_locked for item in listed)
    clicked = before > 0
    assert (labels[clicked] == before[clicked]).all()


def test_a_propagated_object_leaves_clicked_voxels_of_the_other_alone(volume):
    objects = objects_at(volume, a=[(10, 10, 1), (10, 10, 9)], b=[(10, 10, 5)])
    before, labels, _, _ = segmented(volume, objects)
    assert (labels[:, :, 5] == before[:, :, 5]).all()
    assert (labels[:, :, 4] == 1).sum() == 29


def test_objects_clicked_on_the_same_slices_go_together(volume):
    objects = objects_at(volume, a=[(6, 6, 1), (6, 6, 9)], b=[(20, 20, 9), (20, 20, 1)], c=[(15, 5, 9)])
    assert slices_of_objects(objects, axis=2) == {(1, 9): [1, 2], (9,): [3]}


def test_clicks_that_found_nothing_are_told_before_propagation(volume, monkeypatch):
    def find_nothing(self, clicks, previous):
        return Prediction(probability=np.zeros(self._shape, np.float32))

    monkeypatch.setattr(Disks, "predict", find_nothing)
    with pytest.raises(SessionError, match=r"nothing was found on the clicked slices \[1, 9\] across axis 2"):
        segmented(volume, objects_at(volume, a=[(6, 6, 1), (6, 6, 9)]))
