"""Changes of intensity and colour of training samples, by the names that a recipe gives them.

`IntensityAugmentation` makes one set of weights serve many scanners and cameras; its transforms are MONAI's,
this file chooses them and makes them repeatable. `PaperAugmentation` is what iSegFormer was trained with.
"""

import warnings
from collections.abc import Mapping
from typing import Protocol

import numpy as np
from monai.transforms.compose import Compose
from monai.transforms.intensity.array import (
    RandAdjustContrast,
    RandBiasField,
    RandGaussianNoise,
    RandGaussianSmooth,
    RandHistogramShift,
)
from monai.utils.misc import MAX_SEED

from isegformer.training.config import AugmentationName
from isegformer.types import AnyArray, FloatArray

INVERSION_PROBABILITY = 0.08
GREY_PROBABILITY = 0.2
COLOUR_SHIFT = 0.06

PAPER_PROBABILITY = 0.75
PAPER_BRIGHTNESS = (-0.25, 0.25)
PAPER_CONTRAST = (-0.15, 0.4)
PAPER_COLOUR_SHIFT = 10 / 255


class Augmentation(Protocol):
    """Changes one sample at a time."""

    def __call__(self, image: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return a changed copy of an image (H, W) or (H, W, 3) in [0, 1], as (3, H, W) in [0, 1]."""
        ...


class IntensityAugmentation:
    """Draws contrast, shading, blur, noise, inversion and colour changes."""

    def __init__(self) -> None:
        self._transforms = Compose(
            [
                RandAdjustContrast(prob=0.4, gamma=(0.6, 1.7)),
                RandHistogramShift(num_control_points=(4, 8), prob=0.08),
                RandBiasField(degree=2, coeff_range=(0.0, 0.25), prob=0.1),
                RandGaussianSmooth(sigma_x=(0.3, 1.0), sigma_y=(0.3, 1.0), prob=0.1),
                RandGaussianNoise(prob=0.15, mean=0.0, std=0.04),
            ]
        )
        self._transforms.set_random_state(seed=0)  # gives each of them a generator of its own

    def __call__(self, image: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return a changed copy of an image (H, W) or (H, W, 3) in [0, 1], as (3, H, W) in [0, 1]."""
        self._seed(int(rng.integers(MAX_SEED)))
        channels = image[None] if image.ndim == 2 else _recoloured(image.transpose(2, 0, 1), rng)
        with warnings.catch_warnings():
            # A sample may be of one intensity; then there is no histogram to shift, which is fine.
            warnings.filterwarnings("ignore", message=".*intensity is a single value")
            changed = np.asarray(self._transforms(np.ascontiguousarray(channels)), dtype=np.float32)
        brightness, contrast = rng.uniform(-0.1, 0.1), rng.uniform(0.8, 1.2)
        changed = (changed - 0.5) * contrast + 0.5 + brightness
        if rng.random() < INVERSION_PROBABILITY:
            changed = 1 - changed
        clipped = np.clip(np.nan_to_num(changed), 0, 1).astype(np.float32)
        return np.repeat(clipped, 3, axis=0) if len(clipped) == 1 else clipped

    def _seed(self, seed: int) -> None:
        """Do what `Compose.set_random_state` does, but that makes new generators, at 0.1 ms apiece."""
        generator = self._transforms.R
        generator.seed(seed)
        for transform in self._transforms.transforms:
            transform.R.seed(int(generator.randint(MAX_SEED, dtype="uint32")))


def _recoloured(image: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Turn a colour image (3, H, W) grey now and then, else shift its colours a little."""
    if rng.random() < GREY_PROBABILITY:
        return np.asarray(image.mean(axis=0, keepdims=True))
    shift = rng.uniform(-COLOUR_SHIFT, COLOUR_SHIFT, size=(3, 1, 1))
    return (image + shift).astype(np.float32)


class PaperAugmentation:
    """Draws brightness and contrast, and a shift of every channel by itself, of grey images too.

    Three quarters of the samples become contrast * image + brightness; each channel of three quarters, drawn
    apart from those, is shifted by up to 10 / 255.

    Source: RITM (Sofiiuk et al. 2022) and iSegFormer (2022), published code.
    """

    def __call__(self, image: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return a changed copy of an image (H, W) or (H, W, 3) in [0, 1], as (3, H, W) in [0, 1]."""
        channels: AnyArray = (
            np.repeat(image[None], 3, axis=0) if image.ndim == 2 else image.transpose(2, 0, 1)
        )
        if rng.random() < PAPER_PROBABILITY:
            contrast, brightness = rng.uniform(*PAPER_CONTRAST), rng.uniform(*PAPER_BRIGHTNESS)
            channels = np.clip((1 + contrast) * channels + brightness, 0, 1)
        if rng.random() < PAPER_PROBABILITY:
            channels = channels + rng.uniform(-PAPER_COLOUR_SHIFT, PAPER_COLOUR_SHIFT, size=(3, 1, 1))
        return np.ascontiguousarray(np.clip(channels, 0, 1), dtype=np.float32)


AUGMENTATIONS: Mapping[AugmentationName, type[Augmentation]] = {
    "scanners": IntensityAugmentation,
    "paper": PaperAugmentation,
}
"""Augmentations, by the name that a recipe gives them."""
