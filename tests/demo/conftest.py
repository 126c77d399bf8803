"""A ball in noise, a segmenter that fills what it is shown, and a session with both."""

from collections.abc import Mapping

import numpy as np
import pytest

from isegformer.demo import Scene
from isegformer.session import Session, WeightsFingerprint
from isegformer.volume import Geometry, Volume

SHAPE = (20, 18, 16)


class Painted:
    """A prediction."""

    def __init__(self, mask):
        self.probability = mask.astype(np.float32)
        self.mask = mask
        self.roi = None


class BrightPixels:
    """Predicts the bright pixels, without those near negative clicks."""

    def set_slice(self, image):
        self._image = image

    def predict(self, clicks, previous):
        mask = self._image > 0.5
        rows, cols = np.indices(mask.shape)
        for click in clicks:
            near = np.hypot(rows - click.row, cols - click.col) <= 2
            mask = mask | near if click.is_positive else mask & ~near
        return Painted(mask)


def nearest_slice(
    volume,
    annotations: Mapping,
    *,
    axis,
    window,
    earlier=None,
    on_progress=None,
    is_cancelled=None,
    on_slice=None,
):
    """Repeat on every slice the nearest annotated one."""
    length = volume.geometry.shape[axis]
    stack = [annotations[min(annotations, key=lambda other: abs(other - index))] for index in range(length)]
    if on_progress is not None:
        on_progress(length, length)
    return np.stack(stack, axis=axis).astype(np.uint16)


@pytest.fixture
def scene():
    i, j, k = np.indices(SHAPE)
    goal = (i - 10) ** 2 + (j - 9) ** 2 + (k - 8) ** 2 < 40
    voxels = np.where(goal, 100, 10).astype(np.int16)
    voxels[1:4, 1:4] = 100  # bright, but no part of the goal
    volume = Volume(voxels, Geometry(SHAPE, np.diag([1.0, 2.0, 3.0, 1.0])))
    return Scene(name="ball", volume=volume, goal=goal, axis=2)


@pytest.fixture
def session(scene, tmp_path):
    with Session.create(
        tmp_path / "session",
        scene.volume,
        segmenter=BrightPixels(),
        propagations={"nearest": nearest_slice},
        weights=WeightsFingerprint(click="a", propagation="b"),
    ) as session:
        yield session
