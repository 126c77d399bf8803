"""Tiny data in the two folder forms, and a tiny run on it."""

import json

import cv2
import numpy as np
import pytest

from isegformer.interaction import ZoomConfig
from isegformer.training.config import ClickTrainingConfig, SourceConfig, ViewConfig
from isegformer.volume import Geometry, LabelMap, write_label_map


def disk(shape, centre, radius):
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    return (rows - centre[0]) ** 2 + (cols - centre[1]) ** 2 <= radius**2


@pytest.fixture(scope="session")
def data_root(tmp_path_factory):
    """Return a folder with three labelled images and two labelled volumes, and an index of splits."""
    root = tmp_path_factory.mktemp("data")
    for part in ("images", "labels"):
        (root / "cells" / part).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(3):
        labels = np.zeros((48, 64), np.uint8)
        labels[disk(labels.shape, (16 + number, 20), 9)] = 1
        labels[disk(labels.shape, (30, 48), 8)] = 2
        image = np.where(labels > 0, 200, 40) + rng.integers(0, 20, labels.shape)
        cv2.imwrite(str(root / "cells" / "images" / f"cell_{number}.png"), image.astype(np.uint8))
        cv2.imwrite(str(root / "cells" / "labels" / f"cell_{number}.png"), labels)
    (root / "organs").mkdir()
    geometry = Geometry(shape=(20, 30, 24), affine=np.diag([1.0, 2.0, 3.0, 1.0]))
    for number in range(2):
        labels = np.zeros(geometry.shape, np.uint16)
        labels[4:16, 8:22, 5:19] = 3
        labels[10:16, 8:22, 5:19] = 7
        intensities = LabelMap(labels * 30 + number, geometry)
        write_label_map(LabelMap(labels, geometry), root / "organs" / f"case_{number}_label.nii.gz")
        write_label_map(intensities, root / "organs" / f"case_{number}_image.nii.gz")
    index = {"cells": {"train": ["cell_0", "cell_1"], "val": ["cell_2"]}, "organs": {"train": ["case_1"]}}
    (root / "index.json").write_text(json.dumps(index))
    return root


@pytest.fixture
def click_config():
    """Return two steps on tiny samples."""
    return ClickTrainingConfig(
        train=(
            SourceConfig(path="cells", form="slices"),
            SourceConfig(path="organs", form="volumes", weight=0.5),
        ),
        view=ViewConfig(side_px=32),
        zoom=ZoomConfig(side_px=32, before_mask="whole_slice"),
        steps=2,
        batch_size=2,
        warmup_steps=1,
        checkpoint_every=1,
        most_rounds=1,
        workers=0,
        seed=5,
    )
