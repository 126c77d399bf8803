"""Geodesic cut: a pixel belongs to those clicks to which fewer edges lie on the way.

Source: Bai and Sapiro 2007, A geodesic framework for fast interactive image and video segmentation; here with
the gradient of the smoothed slice as the cost of a step. Shortest ways: scikit-image, MCP_Geometric.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from isegformer.errors import ConfigError
from isegformer.evaluation.seeded_predictor import Seeds
from isegformer.types import AnyArray, FloatArray, Mask


@dataclass(frozen=True, kw_only=True)
class GeodesicCut:
    """Compares the geodesic distances to the positive clicks and to the background."""

    flat_cost: float = 0.02
    """Cost of a step where nothing changes; the mean cost of an edge of the slice is 1."""
    smoothing_px: float = 1.0
    """Standard deviation of the Gaussian that smooths the slice before its gradient is taken."""

    def __post_init__(self) -> None:
        if self.flat_cost <= 0 or self.smoothing_px <= 0:
            raise ConfigError(
                f"flat_cost is {self.flat_cost} and smoothing_px {self.smoothing_px}, expected above 0"
            )

    def __call__(self, image: FloatArray, seeds: Seeds) -> FloatArray:
        """Return the distance to the background over the sum of both distances; see `SeedMethod`."""
        cost = self.flat_cost + edges(image, smoothing_px=self.smoothing_px)
        to_inside, to_background = _distance(cost, seeds.inside), _distance(cost, seeds.background)
        return np.asarray(to_background / (to_inside + to_background), dtype=np.float32)


def edges(image: FloatArray, *, smoothing_px: float) -> AnyArray:
    """Return the length of the gradient of a slice over its mean, (H, W); 0 where the slice is even.

    Parameters
    ----------
    image : (H, W, 3)
    smoothing_px : standard deviation of the Gaussian that smooths it first
    """
    smooth = cv2.GaussianBlur(image, (0, 0), smoothing_px)
    down, right = (cv2.Sobel(smooth, cv2.CV_64F, *order) / 8 for order in ((0, 1), (1, 0)))
    length = np.sqrt(np.sum(down**2 + right**2, axis=2))
    return np.asarray(length / max(float(length.mean()), 1e-4))  # below that is rounding, not a slice


def _distance(cost: AnyArray, starts: Mask) -> AnyArray:
    """Return the cost of the cheapest way from any of the `starts` to each pixel, (H, W)."""
    from skimage.graph import MCP_Geometric  # noqa: PLC0415  slow to import

    distance, _ = MCP_Geometric(cost, fully_connected=True).find_costs(np.argwhere(starts))
    return np.asarray(distance)
