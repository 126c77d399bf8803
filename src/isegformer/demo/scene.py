"""What a simulated user works on."""

from dataclasses import dataclass

import numpy as np

from isegformer.errors import GeometryError
from isegformer.slicing.plane import check_axis
from isegformer.types import Mask
from isegformer.volume import Volume


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """A volume, and the object in it that the user has in mind.

    Raises
    ------
    GeometryError : the goal is empty or has another shape than the volume
    """

    name: str
    """What the object is called."""
    volume: Volume
    goal: Mask
    """(I, J, K), the object."""
    axis: int
    """Axis across which the user looks at slices."""

    def __post_init__(self) -> None:
        check_axis(self.axis)
        if self.goal.shape != self.volume.geometry.shape or self.goal.dtype != np.bool_:
            raise GeometryError(
                f"goal is {self.goal.dtype} of shape {self.goal.shape}, expected bool of the volume's shape "
                f"{self.volume.geometry.shape}"
            )
        if not self.goal.any():
            raise GeometryError("the goal is empty, expected at least one voxel")
