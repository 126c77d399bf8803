"""Images made up from label maps: every structure gets a random intensity, so only its shape can be learned.

Networks trained on such images meet contrasts that no scanner of the training set has produced, which makes
them work on scanners that they have never seen.

Source: Billot et al. 2023 (SynthSeg): intensities drawn per label, blur, bias field, noise; structures
without a label are stood in for by clusters of the real image's intensities.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from isegformer.types import FloatArray, Labels


@dataclass(frozen=True, kw_only=True)
class SynthesisConfig:
    """Ranges that a made-up image is drawn from; intensities run from 0 to 1."""

    clusters: tuple[int, int] = (2, 6)
    """Clusters of the real image's intensities, fewest and most."""
    cluster_smoothing_px: float = 1.0
    """Standard deviation of the blur before clustering, so that noise does not become structure."""
    texture: float = 0.08
    """Largest standard deviation of the intensity within a structure."""
    blur_px: float = 1.2
    """Largest standard deviation of the blur that stands for limited resolution."""
    bias: float = 0.35
    """Largest relative change of intensity by the bias field."""
    noise: float = 0.06
    """Largest standard deviation of the noise of the scanner."""


def synthesise(
    image: FloatArray, labels: Labels, *, rng: np.random.Generator, config: SynthesisConfig | None = None
) -> FloatArray:
    """Return an image of the same structures in random intensities, (H, W), in [0, 1].

    Parameters
    ----------
    image : (H, W) or (H, W, 3), in [0, 1]; its clusters stand for structures without a label
    labels : (H, W), 0 is background; each label is drawn apart from what lies around it
    """
    config = config or SynthesisConfig()
    structures = _structures(image, labels, rng=rng, config=config)
    count = int(structures.max()) + 1
    means = rng.random(count).astype(np.float32)
    spreads = rng.uniform(0, config.texture, count).astype(np.float32)
    drawn = means[structures] + spreads[structures] * rng.standard_normal(structures.shape, dtype=np.float32)
    drawn = _blurred(drawn, rng.uniform(0, config.blur_px))
    drawn = drawn * (1 + rng.uniform(0, config.bias) * _smooth_field(drawn.shape, rng=rng))
    drawn = drawn + rng.uniform(0, config.noise) * rng.standard_normal(drawn.shape, dtype=np.float32)
    return np.clip(drawn, 0, 1).astype(np.float32)


def _structures(
    image: FloatArray, labels: Labels, *, rng: np.random.Generator, config: SynthesisConfig
) -> Labels:
    """Return what is drawn in one intensity each, numbered from 0: clusters within background and labels."""
    grey = image if image.ndim == 2 else image.mean(axis=2)
    clusters = int(rng.integers(config.clusters[0], config.clusters[1] + 1))
    smooth = _blurred(np.ascontiguousarray(grey, dtype=np.float32), config.cluster_smoothing_px)
    edges = np.quantile(smooth, np.sort(rng.random(clusters - 1)))
    cluster = np.searchsorted(edges, smooth).astype(np.int64)
    inside = labels > 0
    # Half of the time an object is of one intensity, else it shows its inner structure too.
    if rng.random() < 0.5:
        cluster[inside] = 0
    _, structures = np.unique(labels.astype(np.int64) * clusters + cluster, return_inverse=True)
    return np.asarray(structures.reshape(labels.shape), dtype=np.uint16)


def _blurred(image: FloatArray, sigma_px: float) -> FloatArray:
    if sigma_px < 0.3:  # OpenCV's smallest kernel changes nothing below
        return image
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma_px), dtype=np.float32)


def _smooth_field(shape: tuple[int, ...], *, rng: np.random.Generator) -> FloatArray:
    """Return a field that varies slowly between -1 and 1."""
    coarse = rng.uniform(-1, 1, size=(4, 4)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR))
