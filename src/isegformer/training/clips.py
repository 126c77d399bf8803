"""Training samples of a propagation network: short clips with up to two objects.

A clip is either neighbouring slices of a volume or several deformed copies of one image. Clip number n of a
run is a function of the seed and n alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from isegformer.datasets import LabelledSlice
from isegformer.errors import DatasetError, UnreadableCaseError
from isegformer.training.augment import AUGMENTATIONS
from isegformer.training.click_samples import ATTEMPTS, LEAST_VISIBLE_PX
from isegformer.training.config import PropagationTrainingConfig
from isegformer.training.deformation import deform_image, deform_labels, draw_field
from isegformer.training.sources import SliceSource, source_probabilities
from isegformer.training.transfer import on_device, pinned
from isegformer.training.unreadable import UnreadableCases
from isegformer.training.view import FRAMINGS, warp_image, warp_labels
from isegformer.types import AnyArray, FloatArray

OBJECTS = 2
"""Objects of a clip; the second may be absent."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    """T slices of H x W pixels with the masks of two objects; in a batch every tensor has B in front."""

    frames: Tensor
    """(T, 3, H, W), RGB in [0, 1]."""
    labels: Tensor
    """int64, (T, H, W): 0 is background, 1 and 2 are the objects."""
    has_second: Tensor
    """bool, (): whether there is a second object."""

    def to(self, device: torch.device) -> "Clip":
        """Return the clip with its tensors on `device`."""
        return on_device(self, device)

    def pin_memory(self) -> "Clip":
        """Return the clip in memory that a GPU can read by itself."""
        return pinned(self)


def collate_clips(clips: Sequence[Clip]) -> Clip:
    """Stack clips into a batch."""
    return Clip(
        frames=torch.stack([clip.frames for clip in clips]),
        labels=torch.stack([clip.labels for clip in clips]),
        has_second=torch.stack([clip.has_second for clip in clips]),
    )


class Clips(Dataset[Clip]):
    """All clips of a run, drawn from weighted sources."""

    def __init__(self, sources: Sequence[SliceSource], *, config: PropagationTrainingConfig) -> None:
        self._sources = tuple(sources)
        self._config = config
        self._probabilities = source_probabilities(config)
        self._unreadable = UnreadableCases(are_skipped=config.skip_unreadable)
        self._augment = AUGMENTATIONS[config.augmentation]()

    def __getitem__(self, number: int) -> Clip:
        """Draw clip `number`."""
        rng = np.random.default_rng((self._config.seed, number))
        for _ in range(ATTEMPTS):
            source = self._sources[int(rng.choice(len(self._sources), p=self._probabilities))]
            try:
                slices = source.draw_clip(
                    rng, length=self._config.clip_length, longest_gap=self._config.longest_gap
                )
            except UnreadableCaseError as error:
                self._unreadable.note(error)
                continue
            clip = self._cut(slices, rng)
            if clip is not None:
                return clip
        raise DatasetError(f"no usable object in {ATTEMPTS} draws; check least_area_px and the labels")

    def _cut(self, slices: Sequence[LabelledSlice], rng: np.random.Generator) -> Clip | None:
        chosen = _draw_objects(slices[0].labels, rng=rng)
        if not len(chosen):
            return None
        config = self._config.view
        shape = config.input_shape_px
        view = FRAMINGS[config.framing](np.isin(slices[0].labels, chosen), rng=rng, config=config)
        # One state of the generator for the whole clip: slices of a scan share contrast and shading.
        look = int(rng.integers(2**32))
        frames, labels = [], []
        for number, labelled in enumerate(slices):
            image = warp_image(labelled.image, view, shape_px=shape)
            seen = warp_labels(labelled.labels, view, shape_px=shape)
            if number > 0:
                image, seen = deformed(image, seen, rng=rng, config=self._config)
            frames.append(self._augment(image, np.random.default_rng(look)))
            labels.append(sum((seen == value) * (n + 1) for n, value in enumerate(chosen)))
            view = jittered(view, rng=rng, config=self._config)
        if np.count_nonzero(labels[0] == 1) < LEAST_VISIBLE_PX:
            return None
        return Clip(
            frames=torch.from_numpy(np.stack(frames)),
            labels=torch.from_numpy(np.stack(labels).astype(np.int64)),
            has_second=torch.tensor(bool((labels[0] == OBJECTS).any())),
        )


def deformed(
    image: FloatArray, labels: AnyArray, *, rng: np.random.Generator, config: PropagationTrainingConfig
) -> tuple[FloatArray, AnyArray]:
    """Return image (S, S[, 3]) and labels (S, S) of a sample, elastically deformed alike."""
    if config.elastic_px == 0:
        return image, labels
    field = draw_field(
        rng,
        side_px=config.view.side_px,
        strength_px=config.elastic_px,
        smoothness_px=config.elastic_smoothness_px,
    )
    return deform_image(image, field), deform_labels(labels, field)


def jittered(view: FloatArray, *, rng: np.random.Generator, config: PropagationTrainingConfig) -> FloatArray:
    """Return a view (2, 3) turned, scaled and shifted a little about the centre of the sample."""
    angle = np.deg2rad(rng.normal(0, config.jitter_deg))
    scale = np.exp(rng.normal(0, config.jitter_scale, size=2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * scale
    middle = 0.5 * (np.array(config.view.input_shape_px[::-1]) - 1)
    shift = turn @ (view[:, 2] - middle) + middle + rng.normal(0, config.jitter_px, size=2)
    return np.column_stack([turn @ view[:, :2], shift]).astype(np.float32)


def _draw_objects(labels: AnyArray, *, rng: np.random.Generator) -> AnyArray:
    """Draw one or two label values that are present on a slice; empty where there is none."""
    values, areas = np.unique(labels, return_counts=True)
    candidates = values[(values > 0) & (areas >= LEAST_VISIBLE_PX)]
    count = min(len(candidates), 1 + int(rng.integers(OBJECTS)))
    return rng.choice(candidates, size=count, replace=False) if count else candidates
