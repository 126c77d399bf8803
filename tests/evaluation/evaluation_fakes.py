"""Stand-ins for networks that other processes can import too, and tiny folders to click on."""

import os
from dataclasses import dataclass

import cv2
import numpy as np

from isegformer.evaluation.cases import ObjectChoice
from isegformer.evaluation.click_jobs import ClickEvaluation
from isegformer.evaluation.data_folder import DataFolder
from isegformer.interaction import Prediction

FATAL = 255
"""Grey value of the first pixel of an image that ends the process that segments it."""
POISON = 254
"""Grey value of the first pixel of an image that cannot be segmented."""


class Flood:
    """Segments what is as bright as the pixels that were clicked."""

    def set_slice(self, image):
        if round(255 * float(image[0, 0])) == FATAL:
            os._exit(3)
        if round(255 * float(image[0, 0])) == POISON:
            raise ValueError("the image is\npoison")
        self._image = image

    def predict(self, clicks, previous=None):
        wanted = {float(self._image[click.row, click.col]) for click in clicks if click.is_positive}
        return Prediction(probability=np.isin(self._image, list(wanted)).astype(np.float32))


class Disks:
    """Segments a disk of three pixels around every positive click."""

    def set_slice(self, image):
        self._shape = image.shape[:2]

    def predict(self, clicks, previous=None):
        rows, cols = np.indices(self._shape)
        probability = np.zeros(self._shape, np.float32)
        for click in clicks:
            near = (rows - click.row) ** 2 + (cols - click.col) ** 2 <= 9
            probability[near] = float(click.is_positive)
        return Prediction(probability=probability)


@dataclass(frozen=True, kw_only=True)
class FakeMethod:
    name: str
    kind: type = Flood

    def load(self):
        return self.kind()

    def describe(self):
        return {"fake": self.name}


def write_cells(folder, *, n_images=3, first_pixel=None):
    """Write images with two objects each, of 7 x 9 and 8 x 6 px; one image may begin with a special pixel."""
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for number in range(n_images):
        labels = np.zeros((24, 31), np.uint8)
        labels[3 + number : 10 + number, 4:13] = 1
        labels[12:20, 20:26] = 2
        image = 40 + 60 * labels
        if first_pixel is not None and number == first_pixel[0]:
            image[0, 0] = first_pixel[1]
        cv2.imwrite(str(folder / "images" / f"cell_{number}.png"), image)
        cv2.imwrite(str(folder / "labels" / f"cell_{number}.png"), labels)
    return folder


def evaluation_of(*folders, methods=("flood",), kinds=None, users=("centre",), **choice):
    return ClickEvaluation(
        folders=tuple(DataFolder(name=folder.name, path=folder) for folder in folders),
        choice=ObjectChoice(**choice),
        methods=tuple(FakeMethod(name=name, kind=(kinds or {}).get(name, Flood)) for name in methods),
        users=tuple(users),
    )
