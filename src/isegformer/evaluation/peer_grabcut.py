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
    """Cuts with OpenCV's grabCut, at every click anew from disks around all positive clicks.

    Starting from the mask before the last click instead needs more clicks on most kinds of slices: in a mask
    that once went astray, colours are fitted to what is not the object.
    """

    iterations: int = 3
    """Turns of fitting and cutting at each click."""
    start_radius: float = 0.15
    """Radius of the disks it starts from, over the square root of the slice's area; pixels that are nearer to
    a negative click do not count."""
    smoothing: float = 0.004
    """Standard deviation of the Gaussian that smooths the slice first, in that unit; 1 px at 256 x 256."""

    def __post_init__(self) -> None:
        if self.iterations < 1:
            raise ConfigError(f"iterations is {self.iterations}, expected at least 1")
        for name in ("start_radius", "smoothing"):
            if (value := getattr(self, name)) <= 0:
                raise ConfigError(f"{name} is {value}, expected above 0")

    def __call__(self, image: FloatArray, seeds: Seeds) -> FloatArray:
        """Return 1 on the object and 0 elsewhere; see `SeedMethod`."""
        side_px = float(np.sqrt(seeds.inside.size))
        marks = np.full(seeds.inside.shape, cv2.GC_PR_BGD, dtype=np.uint8)
        marks[start_region(seeds, radius_px=self.start_radius * side_px)] = cv2.GC_PR_FGD
        marks[seeds.background] = cv2.GC_BGD
        marks[seeds.inside] = cv2.GC_FGD
        smooth = np.asarray(cv2.GaussianBlur(image, (0, 0), self.smoothing * side_px))
        colours = np.rint(smooth * 255).astype(np.uint8)
        cv2.setRNGSeed(0)  # the mixtures start from k-means, which draws from OpenCV's own generator
        background, foreground = np.zeros((1, 65)), np.zeros((1, 65))  # what is fitted
        cv2.grabCut(colours, marks, NO_BOX, background, foreground, self.iterations, cv2.GC_INIT_WITH_MASK)
        return np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)


def start_region(seeds: Seeds, *, radius_px: float) -> Mask:
    """Return the pixels within `radius_px` of a positive click and nearer to it than to a negative one."""
    to_inside = _distance(seeds.inside)
    near = to_inside <= radius_px
    return near & (to_inside < _distance(seeds.outside)) if seeds.outside.any() else near


def _distance(mask: Mask) -> FloatArray:
    """Return the distance of each pixel to a mask that is not empty, in pixels."""
    distance = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distance, dtype=np.float32)
