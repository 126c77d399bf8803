"""Random walker: the probability that a walk from a pixel, which shuns edges, meets a positive click first.

Source: Grady 2006, Random walks for image segmentation; the implementation of scikit-image.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from isegformer.errors import ConfigError
from isegformer.evaluation.seeded_predictor import Seeds
from isegformer.types import FloatArray

INSIDE, BACKGROUND = 1, 2


@dataclass(frozen=True, kw_only=True)
class RandomWalker:
    """Solves for the probabilities directly, on a slice that is made smaller if it is large."""

    beta: float = 1000.0
    """How much edges are shunned."""
    smoothing_px: float = 1.0
    """Standard deviation of the Gaussian that smooths the slice first."""
    most_px: int = 192 * 192
    """Larger slices are solved at about this number of pixels, for the time grows faster than the area."""

    def __post_init__(self) -> None:
        for name in ("beta", "smoothing_px", "most_px"):
            if (value := getattr(self, name)) <= 0:
                raise ConfigError(f"{name} is {value}, expected above 0")

    def __call__(self, image: FloatArray, seeds: Seeds) -> FloatArray:
        """Return the probability of the walk to meet a positive click first; see `SeedMethod`."""
        height, width = image.shape[:2]
        scale = min(1.0, float(np.sqrt(self.most_px / (height * width))))
        size = (max(1, round(height * scale)), max(1, round(width * scale)))
        smooth = cv2.GaussianBlur(image, (0, 0), self.smoothing_px)
        small = np.asarray(cv2.resize(smooth, size[::-1], interpolation=cv2.INTER_AREA), np.float32)
        labels = np.zeros(size, dtype=np.int32)
        for value, mask in ((BACKGROUND, seeds.background), (INSIDE, seeds.inside)):
            rows, cols = np.nonzero(mask)
            labels[rows * size[0] // height, cols * size[1] // width] = value
        return np.asarray(cv2.resize(self._solve(small, labels), (width, height)), dtype=np.float32)

    def _solve(self, image: FloatArray, labels: NDArray[np.int32]) -> FloatArray:
        """Return the probability of INSIDE, (h, w), given (h, w, 3) and (h, w), 0 where unknown."""
        from skimage.segmentation import random_walker  # noqa: PLC0415  slow to import

        if labels.all():
            return np.asarray(labels == INSIDE, dtype=np.float32)
        if float(image.std()) < 1e-6:
            # scikit-image divides by the spread of the intensities, which an even slice does not have. On a
            # ramp every step is as high as the next, so that no way is shunned more than another.
            image = np.indices(labels.shape, dtype=np.float32).sum(axis=0)[..., None]
        found = random_walker(
            image, labels, beta=self.beta, mode="bf", return_full_prob=True, channel_axis=-1
        )
        return np.asarray(found[INSIDE - 1], dtype=np.float32)
