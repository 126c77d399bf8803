"""Stand-ins for propagation methods that other processes can import too, and tiny folders of volumes."""

from dataclasses import dataclass

import numpy as np

from isegformer.evaluation.data_folder import DataFolder
from isegformer.evaluation.robot_evaluation import RobotEvaluation
from isegformer.evaluation.robot_user import RobotBudget
from isegformer.evaluation.volume_cases import VolumeObjectChoice
from isegformer.evaluation.volume_evaluation import VolumeEvaluation
from isegformer.evaluation.volume_protocol import EvenSlices
from isegformer.propagation import ShapeInterpolation
from isegformer.volume import Geometry, LabelMap, write_label_map

GRID = Geometry((12, 9, 8), np.diag([1.0, 2.0, 3.0, 1.0]))
POISON = 300
"""Intensity of the first voxel of a volume that cannot be segmented."""


class OnlyGiven:
    """Predicts nothing beyond the given slices."""

    def propagate(
        self,
        slices,
        annotations,
        *,
        earlier=None,
        on_progress=None,
        is_cancelled=None,
        on_evidence=None,
        on_slice=None,
    ):
        result = np.zeros((len(slices), *slices.shape), np.uint16)
        for index, labels in annotations.items():
            result[index] = labels
        return result


class Mortal(ShapeInterpolation):
    """Interpolates, unless the first voxel of the volume is poison."""

    def propagate(self, slices, annotations, **others):
        if slices[0][0, 0] > 0:
            raise ValueError("the volume is\npoison")
        return super().propagate(slices, annotations, **others)


class Painted:
    """A prediction."""

    def __init__(self, mask):
        self.probability = mask.astype(np.float32)
        self.mask = mask
        self.roi = None


class DiskAtEachClick:
    """Predicts disks of radius 3 px around positive clicks, less those around negative ones."""

    def set_slice(self, image):
        self._shape = image.shape

    def predict(self, clicks, previous):
        mask = np.zeros(self._shape, bool) if previous is None else previous.mask.copy()
        rows, cols = np.indices(self._shape)
        near = np.hypot(rows - clicks[-1].row, cols - clicks[-1].col) <= 3
        return Painted(mask | near if clicks[-1].is_positive else mask & ~near)


@dataclass(frozen=True)
class Disks:
    """What robot users click with, as a value."""

    def load(self):
        return DiskAtEachClick()


@dataclass(frozen=True, kw_only=True)
class FakeMethod:
    name: str
    kind: type = Mortal

    def load(self):
        return self.kind()

    def describe(self):
        return {"fake": self.name}


def bars(*, shift=0):
    """Return labels (12, 9, 8): 1 on slices 1 to 6 across the last axis, 2 on slices 2 to 4."""
    labels = np.zeros(GRID.shape, np.uint16)
    labels[2 + shift : 6 + shift, 1:5, 1:7] = 1
    labels[9:12, 4:8, 2:5] = 2
    return labels


def write_bars(folder, *, n_volumes=2, first_voxel=None):
    """Write volumes with two bars each; one volume may begin with a special voxel."""
    folder.mkdir(parents=True)
    for number in range(n_volumes):
        labels = bars(shift=number)
        image = (labels * 100).astype(np.uint16)
        if first_voxel is not None and number == first_voxel[0]:
            image[0, 0, 0] = first_voxel[1]
        write_label_map(LabelMap(image, GRID), folder / f"bars_{number}_image.nii.gz")
        write_label_map(LabelMap(labels, GRID), folder / f"bars_{number}_label.nii.gz")
    return folder


def evaluation_of(*folders, methods=("bars",), kinds=None, counts=(1, 2), spread="to-ends", **choice):
    return VolumeEvaluation(
        folders=tuple(DataFolder(name=folder.name, path=folder) for folder in folders),
        choice=VolumeObjectChoice(**choice),
        methods=tuple(FakeMethod(name=name, kind=(kinds or {}).get(name, Mortal)) for name in methods),
        given=tuple(EvenSlices(count=count, spread=spread) for count in counts),
    )


def robots_of(evaluation, *, strategies=("even",), annotator="truth", draws=1, **budget):
    """Return robot users for the objects and methods of an evaluation."""
    return RobotEvaluation(
        folders=evaluation.folders,
        choice=evaluation.choice,
        methods=evaluation.methods,
        strategies=strategies,
        clicks=Disks(),
        annotator=annotator,
        budget=RobotBudget(**budget),
        draws=draws,
    )
