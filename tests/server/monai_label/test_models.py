import numpy as np
import pytest

from isegformer.errors import ClickError
from isegformer.interaction import Prediction
from isegformer.server.monai_label.models import MODELS, Task, info_document
from isegformer.volume import Geometry, Volume
from isegformer.workflow import VoxelClick

SHAPE = (20, 24, 9)


class Disks:
    """Predicts a disk of radius 3 around every positive click and none around negative ones."""

    def set_slice(self, image):
        self._shape = image.shape

    def predict(self, clicks, previous):
        rows, cols = np.indices(self._shape)
        result = np.zeros(self._shape, np.float32)
        for click in clicks:
            result[np.hypot(rows - click.row, cols - click.col) <= 3] = click.is_positive
        return Prediction(probability=result)


def everywhere(volume, annotations, *, axis, window, earlier=None, **_):
    """Repeat the union of the annotated slices on every slice."""
    union = np.max(list(annotations.values()), axis=0)
    return np.repeat(np.expand_dims(union, axis), SHAPE[axis], axis=axis)


def task(*clicks, slice_index=None):
    return Task(
        volume=Volume(np.zeros(SHAPE, np.uint8), Geometry(SHAPE, np.eye(4))),
        clicks=tuple(VoxelClick(voxel=voxel, is_positive=sign) for voxel, sign in clicks),
        slice_index=slice_index,
        label="liver",
        segmenter=Disks(),
        propagation=everywhere,
        method="everywhere",
    )


def test_a_slice_is_segmented_from_the_clicks_on_it_alone():
    result = MODELS["isegformer_slice"].run(task(((5, 6, 3), True), ((12, 12, 4), True), slice_index=3))
    assert set(np.flatnonzero(result.labels.any(axis=(0, 1)))) == {3}
    assert result.labels[5, 6, 3] == 1
    assert result.labels[12, 12, 3] == 0
    assert result.names == {1: "liver"}


def test_without_a_slice_it_is_that_of_the_last_click():
    result = MODELS["isegformer_slice"].run(task(((5, 6, 3), True), ((12, 12, 4), True)))
    assert set(np.flatnonzero(result.labels.any(axis=(0, 1)))) == {4}


def test_a_volume_is_propagated_from_every_slice_with_clicks():
    result = MODELS["isegformer_volume"].run(
        task(((5, 6, 3), True), ((5, 14, 3), False), ((12, 12, 6), True))
    )
    assert np.flatnonzero(result.labels[5, 6] == 0).tolist() == [
        6
    ]  # clicked slices stay as they were clicked
    assert np.flatnonzero(result.labels[12, 12] == 0).tolist() == [3]


def test_clicks_that_find_nothing_give_an_empty_map():
    result = MODELS["isegformer_volume"].run(task(((5, 6, 3), True), ((5, 6, 3), False)))
    assert not result.labels.any()


def test_requests_without_the_clicks_they_need_are_refused():
    with pytest.raises(ClickError, match="no click lies on slice 2"):
        MODELS["isegformer_slice"].run(task(((5, 6, 3), True), slice_index=2))
    with pytest.raises(ClickError, match="at least one click"):
        MODELS["isegformer_slice"].run(task())
    with pytest.raises(ClickError, match="no click lies on the object"):
        MODELS["isegformer_volume"].run(task(((5, 6, 3), False)))


def test_the_description_is_what_clients_read():
    info = info_document(name="x", version="1", labels=["liver"], total=3, completed=1)
    assert "config" not in info
    assert {model["type"] for model in info["models"].values()} == {"deepgrow"}
    assert {model["dimension"] for model in info["models"].values()} == {2, 3}
    assert info["datastore"] == {"total": 3, "completed": 1, "label_tags": {}}
