"""Training samples of a click network: an object on a slice, with the clicks to start from.

Sample number n of a run is a function of the seed and n alone, so that a resumed run sees what the
uninterrupted one would have seen, whatever the number of worker processes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from isegformer.clicks import Click, FirstClickConfig, perturbed_next_click, sample_first_clicks
from isegformer.datasets import LabelledSlice
from isegformer.errors import DatasetError, UnreadableCaseError
from isegformer.interaction import THRESHOLD
from isegformer.training.augment import AUGMENTATIONS
from isegformer.training.config import ClickTrainingConfig, SourceConfig
from isegformer.training.given_mask import degraded
from isegformer.training.objects import OBJECT_FINDERS
from isegformer.training.sources import SliceSource, source_probabilities
from isegformer.training.synthesis import synthesise
from isegformer.training.transfer import on_device, pinned
from isegformer.training.unreadable import UnreadableCases
from isegformer.training.view import FRAMINGS, warp_image, warp_labels
from isegformer.types import FloatArray, Labels, Mask

MERGE_PROBABILITY = 0.15
"""How often two objects of a slice are taken as one (RITM)."""

SAMPLE_STREAM, ROUND_STREAM, STEP_STREAM = 0, 1, 2
"""Random streams of a run: what a sample shows and the clicks of its rounds, each with the sample's number;
how many rounds there are, with the number of the optimiser step."""

LEAST_VISIBLE_PX = 32
ATTEMPTS = 20


@dataclass(frozen=True, kw_only=True)
class ClickSample:
    """One object with its first clicks; a sample is of H x W pixels."""

    image: Tensor
    """(3, H, W), RGB in [0, 1]."""
    target: Tensor
    """bool, (H, W)."""
    ignored: Tensor
    """bool, (H, W)."""
    given: Tensor
    """(H, W), probability that the network starts from; zeros where there is no mask yet."""
    clicks: tuple[Click, ...]
    number: int
    """Position in the run."""


@dataclass(frozen=True, kw_only=True)
class ClickBatch:
    """Samples of one step; B is the batch."""

    image: Tensor
    """(B, 3, H, W)."""
    target: Tensor
    """bool, (B, 1, H, W)."""
    ignored: Tensor
    """bool, (B, 1, H, W)."""
    given: Tensor
    """(B, 1, H, W)."""
    clicks: tuple[tuple[Click, ...], ...]
    """Of each sample."""
    numbers: tuple[int, ...]
    """Position in the run of each sample."""

    def to(self, device: torch.device) -> "ClickBatch":
        """Return the batch with its tensors on `device`."""
        return on_device(self, device)

    def pin_memory(self) -> "ClickBatch":
        """Return the batch in memory that a GPU can read by itself."""
        return pinned(self)


def collate(samples: Sequence[ClickSample]) -> ClickBatch:
    """Stack samples into a batch."""
    return ClickBatch(
        image=torch.stack([sample.image for sample in samples]),
        target=torch.stack([sample.target for sample in samples])[:, None],
        ignored=torch.stack([sample.ignored for sample in samples])[:, None],
        given=torch.stack([sample.given for sample in samples])[:, None],
        clicks=tuple(sample.clicks for sample in samples),
        numbers=tuple(sample.number for sample in samples),
    )


class ClickSamples(Dataset[ClickSample]):
    """All samples of a run, drawn from weighted sources."""

    def __init__(self, sources: Sequence[SliceSource], *, config: ClickTrainingConfig) -> None:
        self._sources = tuple(sources)
        self._config = config
        self._probabilities = source_probabilities(config)
        self._unreadable = UnreadableCases(are_skipped=config.skip_unreadable)
        self._augment = AUGMENTATIONS[config.augmentation]()
        self._first_clicks = FirstClickConfig(
            decay=config.first_click_decay, central_share=config.central_share
        )

    def __getitem__(self, number: int) -> ClickSample:
        """Draw sample `number`."""
        rng = np.random.default_rng((self._config.seed, SAMPLE_STREAM, number))
        for _ in range(ATTEMPTS):
            chosen = int(rng.choice(len(self._sources), p=self._probabilities))
            try:
                drawn = self._sources[chosen].draw(rng)
            except UnreadableCaseError as error:
                self._unreadable.note(error)
                continue
            labelled = with_objects(drawn, rng=rng, config=self._config.train[chosen])
            sample = self._cut(labelled, rng, number=number)
            if sample is not None:
                return sample
        raise DatasetError(f"no usable object in {ATTEMPTS} draws; check least_area_px and the labels")

    def _cut(self, labelled: LabelledSlice, rng: np.random.Generator, *, number: int) -> ClickSample | None:
        """Return a sample of one object of the slice, or None if too little of an object is in view."""
        target = draw_object(labelled.labels, rng=rng)
        if target is None:
            return None
        view_config = self._config.view
        view = FRAMINGS[view_config.framing](target, rng=rng, config=view_config)
        shape = view_config.input_shape_px
        seen = warp_labels(target, view, shape_px=shape)
        if np.count_nonzero(seen) < LEAST_VISIBLE_PX:
            return None
        others = warp_labels((labelled.labels > 0) & ~target, view, shape_px=shape)
        ignored = warp_labels(labelled.ignored, view, shape_px=shape)
        image = self._augment(warp_image(labelled.image, view, shape_px=shape), rng)
        given, clicks = self._start(seen, others=others, ignored=ignored, rng=rng)
        return ClickSample(
            image=torch.from_numpy(image),
            target=torch.from_numpy(seen),
            ignored=torch.from_numpy(ignored),
            given=torch.from_numpy(given),
            clicks=tuple(clicks),
            number=number,
        )

    def _start(
        self, target: Mask, *, others: Mask, ignored: Mask, rng: np.random.Generator
    ) -> tuple[FloatArray, list[Click]]:
        """Return the probability and the clicks that a sample starts with."""
        if rng.random() < self._config.given_mask_share:
            given = degraded(target, rng=rng)
            click = perturbed_next_click(given > THRESHOLD, target, rng=rng, ignored=ignored)
            if click is not None:
                return given, [click]
        clicks = sample_first_clicks(
            target, others=others, ignored=ignored, rng=rng, config=self._first_clicks
        )
        return np.zeros(target.shape, np.float32), clicks


def with_objects(labelled: LabelledSlice, *, rng: np.random.Generator, config: SourceConfig) -> LabelledSlice:
    """Return a slice with the objects that its source asks for; its image may be made up from them."""
    labels = OBJECT_FINDERS[config.objects](labelled.image, labelled.labels, rng)
    image = labelled.image
    if rng.random() < config.synthetic_share:
        image = synthesise(image, labels, rng=rng)
    return replace(labelled, labels=labels, image=image)


def draw_object(labels: Labels, *, rng: np.random.Generator, least_area_px: int = 16) -> Mask | None:
    """Draw one object of a slice, now and then two of them as one; None where there is none.

    Parameters
    ----------
    labels : (H, W), 0 is background
    least_area_px : smaller objects are passed over
    """
    values, areas = np.unique(labels, return_counts=True)
    candidates = values[(values > 0) & (areas >= least_area_px)]
    if not len(candidates):
        return None
    count = 2 if len(candidates) > 1 and rng.random() < MERGE_PROBABILITY else 1
    return np.isin(labels, rng.choice(candidates, size=count, replace=False))
