"""GrabCut: two mixtures of Gaussians of colour and a graph cut, in turns.

Source: Rother, Kolmogorov and Blake 2004, GrabCut; the implementation of OpenCV.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from isegformer.errors import ConfigError
from isegformer.evaluation.seeded_predictor import Seeds
from isegformer.types import FloatArray, Mask

NO_BOX = (0, 0, 0, 0)
"""OpenCV wants a box, and does not look at it where it starts from a mask."""


@dataclass(frozen=True, kw_only=True)
class GrabCut:
    """Cuts with OpenCV's grabCut, which starts from the mask before the last click.

    Before there is a mask, it starts from the pixels whose colour is near that under the clicks and that are
    connected to them.
    """

    iterations: int = 3
    """Turns of fitting and cutting at each click."""
    tolerance: float = 2.0
    """What is near at the start: colours within so many standard deviations of those under the clicks."""
    smoothing_px: float = 1.0
    """Standard deviation of the Gaussian that smooths the slice before colours are compared at the start."""

    def __post_init__(self) -> None:
        if self.iterations < 1:
            raise ConfigError(f"iterations is {self.iterations}, expected at least 1")

    def __call__(self, image: FloatArray, seeds: Seeds, *, before: Mask) -> FloatArray:
        """Return 1 on the object and 0 elsewhere; see `SeedMethod`."""
        start = before if before.any() else self._near(image, seeds)
        marks = np.where(start, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
        marks[seeds.background] = cv2.GC_BGD
        marks[seeds.inside] = cv2.GC_FGD
        colours = np.rint(image * 255).astype(np.uint8)
        cv2.setRNGSeed(0)  # the mixtures start from k-means, which draws from OpenCV's own generator
        background, foreground = np.zeros((1, 65)), np.zeros((1, 65))  # what is fitted
        cv2.grabCut(colours, marks, NO_BOX, background, foreground, self.iterations, cv2.GC_INIT_WITH_MASK)
        return np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)

    def _near(self, image: FloatArray, seeds: Seeds) -> Mask:
        """Return the pixels around the clicks that look like those under the clicks."""
        smooth = cv2.GaussianBlur(image, (0, 0), self.smoothing_px)
        under = smooth[seeds.inside]  # (N, 3)
        # Disks of a few pixels can be perfectly even; the noise of a slice is seldom below that.
        spread = float(under.std(axis=0).mean()) + 0.03
        distance = np.sqrt(np.mean((smooth - under.mean(axis=0)) ** 2, axis=2))
        near = (distance < self.tolerance * spread) | seeds.inside
        _, regions = cv2.connectedComponents(near.astype(np.uint8), connectivity=4)
        return np.isin(regions, np.unique(regions[seeds.inside]))
