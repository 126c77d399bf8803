"""Every number of a training run; read from YAML, saved beside the results."""

import dataclasses
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

import yaml

from isegformer.datasets import FORMS
from isegformer.datasets.selection import check_groups
from isegformer.errors import ConfigError
from isegformer.interaction import ZoomConfig
from isegformer.training.norms import NormStatistics
from isegformer.types import PathLike

Config = TypeVar("Config")

OptimiserName: TypeAlias = Literal["adamw", "adam"]
ScheduleName: TypeAlias = Literal["plateau", "milestones"]
FramingName: TypeAlias = Literal["zoom", "crop"]
AugmentationName: TypeAlias = Literal["scanners", "paper"]


@dataclass(frozen=True, kw_only=True)
class SourceConfig:
    """One folder of data."""

    path: str
    """Folder, relative to the data root of the run."""
    form: str
    """How the folder is laid out: a name of `datasets.FORMS`, see docs/datasets.md."""
    weight: float = 1.0
    """Share of the samples, relative to the other sources."""
    axes: tuple[int, ...] = (0, 1, 2)
    """Axes across which volumes are cut."""
    slice_indices: tuple[int, ...] | None = None
    """Slices of a volume on which samples start, along each of the axes; None takes all that hold objects."""
    least_area_px: int = 64
    """Objects with fewer pixels on a slice are left out."""
    ignored_label: int | None = None
    """Label of pixels without a known class."""
    label_groups: tuple[tuple[int, ...], ...] | None = None
    """Labels that make up each object, such as [[2], [4]]; the others are background. None: every label."""
    objects: Literal["labels", "superpixels", "regions"] = "labels"
    """What the network learns to segment; superpixels and regions are found in the image, without labels."""
    synthetic_share: float = 0.0
    """Share of the samples whose image is made up from the labels, see `synthesis`."""

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise ConfigError(f"weight of {self.path} is {self.weight}, expected at least 0")
        if not 0 <= self.synthetic_share <= 1:
            raise ConfigError(
                f"synthetic_share of {self.path} is {self.synthetic_share}, expected between 0 and 1"
            )
        if self.form not in FORMS:
            raise ConfigError(
                f"form of {self.path} is {self.form!r}, expected one of: {', '.join(sorted(FORMS))}"
            )
        if self.label_groups is not None:
            check_groups(self.label_groups)
        if self.slice_indices is not None and not (self.slice_indices and min(self.slice_indices) >= 0):
            raise ConfigError(
                f"slice_indices of {self.path} are {list(self.slice_indices)}, expected numbers from 0 on"
            )


@dataclass(frozen=True, kw_only=True)
class ViewConfig:
    """Which part of a slice a training sample shows, and at what scale."""

    side_px: int = 256
    """Side of the input, where it is a square."""
    shape_px: tuple[int, int] | None = None
    """Height and width of the input; None is a square of `side_px`."""
    framing: FramingName = "zoom"
    """How a view is drawn, see `view.FRAMINGS`; "zoom" has the numbers from `zoom_share` on to `aspect`."""
    zoom_share: float = 0.6
    """Share of samples that look as after zoom-in: cut around the object."""
    zoom_margin: tuple[float, float] = (1.1, 2.2)
    """Side of the cut over the longer side of the object, drawn from this range."""
    most_magnified: float = 6.0
    """Largest scale of a cut; tiny objects stay small rather than blurred."""
    whole_scale: tuple[float, float] = (0.75, 1.4)
    """Other samples: longer side of the slice over that of the input, drawn from this range."""
    rotation_deg: float = 25.0
    """Largest rotation, either way."""
    quarter_turn_share: float = 0.25
    """How often a sample is turned by 90, 180 or 270 degrees too; scans have an up, other images may not."""
    aspect: float = 1.2
    """Largest stretch of one axis against the other."""
    crop_scale: tuple[float, float] = (0.75, 1.4)
    """Of "crop": pixels of the input per pixel of the slice, drawn from this range."""

    def __post_init__(self) -> None:
        if min(self.input_shape_px) < 1:
            raise ConfigError(f"the input is {list(self.input_shape_px)} px, expected at least 1 each way")
        if not 0 < self.crop_scale[0] <= self.crop_scale[1]:
            raise ConfigError(
                f"crop_scale is {list(self.crop_scale)}, expected smallest and largest, both above 0"
            )

    @property
    def input_shape_px(self) -> tuple[int, int]:
        """Height and width of the input."""
        return self.shape_px or (self.side_px, self.side_px)


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """What every training run has, whatever it trains."""

    train: tuple[SourceConfig, ...] = ()
    """Where samples come from."""
    index_file: str | None = None
    """JSON file with the cases of each split by folder, relative to the data root; None takes every case, or,
    of forms that bring lists of their own, those of the split."""
    split: str = "train"
    """Split to train on."""
    skip_unreadable: bool = False
    """Whether damaged cases are named in the log and passed over; otherwise the first one ends the run."""
    view: ViewConfig = field(default_factory=ViewConfig)
    """What a sample shows."""
    start_from: str | None = None
    """Weights to start from: a name or a file; None starts from random numbers."""
    steps: int = 5000
    """Optimiser steps."""
    batch_size: int = 16
    """Samples per batch and device."""
    accumulate: int = 1
    """Batches per optimiser step."""
    augmentation: AugmentationName = "scanners"
    """Changes of intensity and colour, see `augment.AUGMENTATIONS`."""
    optimiser: OptimiserName = "adamw"
    """See `optimiser.OPTIMISERS`."""
    learning_rate: float = 1e-3
    """Peak learning rate."""
    betas: tuple[float, float] = (0.9, 0.999)
    """Decay per step of the optimiser's means of gradients and of their squares."""
    weight_decay: float = 0.01
    """Of the optimiser: of weights for AdamW, of gradients for Adam."""
    warmup_steps: int = 200
    """Steps in which the learning rate rises to its peak."""
    schedule: ScheduleName = "plateau"
    """Course of the learning rate after the warm-up, see `optimiser.SCHEDULES`."""
    decay_share: float = 0.3
    """Of "plateau": last share of the steps, in which the learning rate falls linearly to zero."""
    milestones: tuple[float, ...] = ()
    """Of "milestones": shares of the run after which the learning rate changes."""
    milestone_factor: float = 0.1
    """Of "milestones": what the learning rate is multiplied by at each of them."""
    average_decay: float = 0.998
    """Decay per step of the moving average of the weights, which is what is kept."""
    norm_statistics: NormStatistics = "batch"
    """Whether batch norms learn statistics or keep those of `start_from`, see `norms`."""
    gradient_clip: float = 1.0
    """Largest norm of a gradient; 0 leaves gradients as they are."""
    checkpoint_every: int = 250
    """Steps between checkpoints."""
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    """Arithmetic of the forward pass."""
    workers: int = 1
    """Processes that prepare samples; 0 prepares them in the training process."""
    prefetch: int = 4
    """Batches that each of those processes prepares ahead."""
    seed: int = 0
    """Of weights, samples and clicks."""

    def __post_init__(self) -> None:
        if not self.train:
            raise ConfigError("no sources to train on; name at least one under 'train'")
        if self.steps < 1 or self.batch_size < 1 or self.accumulate < 1:
            raise ConfigError("steps, batch_size and accumulate are expected to be at least 1")
        for name in ("decay_share", "average_decay"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected between 0 and 1")
        if not all(0 <= share <= 1 for share in self.milestones):
            raise ConfigError(f"milestones are {list(self.milestones)}, expected shares between 0 and 1")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ConfigError(f"betas are {list(self.betas)}, expected at least 0 and below 1")
        if self.prefetch < 1:
            raise ConfigError(f"prefetch is {self.prefetch}, expected at least 1")
        if self.workers < 0 or self.warmup_steps < 0:
            raise ConfigError("workers and warmup_steps are expected to be at least 0")


@dataclass(frozen=True, kw_only=True)
class ClickTrainingConfig(RunConfig):
    """How a click network is trained."""

    architecture: str = "compact"
    """Name of a variant, see `models.config.VARIANTS`."""
    zoom: ZoomConfig = field(default_factory=ZoomConfig)
    """How the network is to be asked once it is trained; travels with its weights."""
    first_looks: int = 1
    """How often it is to be asked where there is no mask yet; travels with its weights."""
    most_rounds: int = 3
    """Rounds of corrected clicks without gradient, drawn from 0 to this."""
    fresh_share: float = 0.0
    """Share of the steps without such rounds, so that more losses fall on first clicks; the others draw."""
    loss_rounds: int = 1
    """Further rounds, each of which ends in a loss; their mean is what a step descends."""
    look_again_share: float = 0.0
    """How often a round adds no click to a sample, so that the network learns to improve its own mask."""
    correction_depth: tuple[float, float] = (0.5, 0.5)
    """How near the middle of an error it is clicked: each click is deeper than a share of the error's largest
    depth, drawn from this range; [0.5, 0.5] is the paper's, 0 is anywhere, as a hasty person clicks."""
    given_mask_share: float = 0.0
    """Share of the samples that start from a flawed mask and a click on its error, see `given_mask`."""
    first_click_decay: float = 0.6
    """The number of first clicks is k with probability proportional to this ** k."""
    central_share: float = 0.0
    """How often the very first click falls on the inner half of the object, as people like to begin."""
    focal_alpha: float = 0.5
    """Weight of the object in the normalised focal loss."""
    focal_gamma: float = 2.0
    """Focus of the normalised focal loss."""
    dice_weight: float = 0.0
    """Weight of a soft Dice loss added to it."""
    auxiliary_weight: float = 0.4
    """Weight of the cross-entropy of auxiliary heads, where a network has them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss_rounds < 1 or self.most_rounds < 0:
            raise ConfigError("loss_rounds is expected to be at least 1, most_rounds at least 0")
        if not 0 <= self.correction_depth[0] <= self.correction_depth[1] < 1:
            raise ConfigError(
                f"correction_depth is {list(self.correction_depth)}, expected least and most, 0 to below 1"
            )
        for name in ("fresh_share", "central_share", "look_again_share", "given_mask_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected between 0 and 1")


@dataclass(frozen=True, kw_only=True)
class PropagationTrainingConfig(RunConfig):
    """How a propagation network is trained: clips of deformed images and of neighbouring slices."""

    architecture: Literal["stcn-small"] = "stcn-small"
    """Named propagation network."""
    view: ViewConfig = field(default_factory=lambda: ViewConfig(side_px=192))
    """What the first slice of a clip shows."""
    clip_length: int = 3
    """Slices of a clip: the first is given, the others are predicted in turn."""
    longest_gap: int = 6
    """Slices between neighbours of a clip, drawn from 1 to this."""
    jitter_px: float = 6.0
    """Shift of a slice of a clip against the one before, standard deviation."""
    jitter_deg: float = 4.0
    """Rotation of a slice of a clip against the one before, standard deviation."""
    jitter_scale: float = 0.04
    """Relative change of size of a slice of a clip against the one before, standard deviation."""
    elastic_px: float = 0.0
    """Elastic displacement of the slices of a clip after the first, standard deviation; 0: none."""
    elastic_smoothness_px: float = 48.0
    """Distance over which elastic displacements change, at least 8 times `elastic_px` lest images fold."""
    dice_weight: float = 1.0
    """Weight of a soft Dice loss beside the cross-entropy."""
    hardest_share: float = 0.3
    """Share of the pixels, those of largest loss, that the cross-entropy counts after the warm-up."""
    cycle_weight: float = 0.0
    """Weight of the loss of going on from the last slice's prediction back to the first; 0: not done."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.clip_length < 2 or self.longest_gap < 1:
            raise ConfigError(
                f"clip_length is {self.clip_length} and longest_gap {self.longest_gap}, "
                "expected at least 2 and 1"
            )
        if self.cycle_weight < 0 or self.elastic_px < 0:
            raise ConfigError(
                f"cycle_weight is {self.cycle_weight} and elastic_px {self.elastic_px}, expected at least 0"
            )
        if not self.elastic_smoothness_px >= max(1.0, 8 * self.elastic_px):
            raise ConfigError(
                f"elastic_smoothness_px is {self.elastic_smoothness_px}, expected at least 1 and at least "
                f"8 times elastic_px, which is {self.elastic_px}: images would fold"
            )


def read_config(path: PathLike, kind: type[Config], *, overrides: Mapping[str, Any] | None = None) -> Config:
    """Return the configuration in a YAML file, some of its values replaced by `overrides`.

    Raises
    ------
    ConfigError : the file is missing or not YAML, a key is unknown, or a value is out of its range
    """
    try:
        record = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot read configuration {path}: {error}") from error
    if not isinstance(record, dict):
        raise ConfigError(f"configuration {path} holds a {type(record).__name__}, expected keys and values")
    return from_record(kind, _merged(record, overrides or {}))


def _merged(record: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return keys and values with some replaced; where both have keys of their own, these are merged."""
    merged = dict(record)
    for name, value in overrides.items():
        before = merged.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            merged[name] = _merged(before, value)
        else:
            merged[name] = value
    return merged


def from_record(kind: type[Config], record: Mapping[str, Any]) -> Config:
    """Return a configuration dataclass from keys and values; nested ones and tuples of them too."""
    assert dataclasses.is_dataclass(kind)
    hints = typing.get_type_hints(kind)
    known = {entry.name for entry in dataclasses.fields(kind)}
    if unknown := sorted(set(record) - known):
        raise ConfigError(
            f"{kind.__name__} has no {', '.join(unknown)}; expected some of: {', '.join(sorted(known))}"
        )
    return kind(**{name: _converted(hints[name], value, name=name) for name, value in record.items()})


def to_record(config: Any) -> dict[str, Any]:
    """Return a configuration as plain keys and values, ready for YAML or JSON."""
    return typing.cast("dict[str, Any]", _plain(dataclasses.asdict(config)))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def _converted(hint: Any, value: Any, *, name: str) -> Any:
    """Return a YAML value as the type that the field `name` declares; lists become tuples."""
    if dataclasses.is_dataclass(hint) and isinstance(value, Mapping):
        return from_record(typing.cast("type[Any]", hint), value)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple and isinstance(value, list | tuple):
        if ... not in arguments and len(value) != len(arguments):
            raise ConfigError(f"{name} is {list(value)}, expected {len(arguments)} values")
        return tuple(_converted(arguments[0], item, name=name) for item in value)
    if origin is Literal and value in arguments:
        return value
    if type(None) in arguments:
        return None if value is None else _converted(arguments[0], value, name=name)
    if hint is float:
        return _number(value, name=name)
    if isinstance(hint, type) and type(value) is hint:
        return value
    expected = " or ".join(map(repr, arguments)) if origin is Literal else getattr(hint, "__name__", hint)
    raise ConfigError(f"{name} is {value!r}, expected {expected}")


def _number(value: Any, *, name: str) -> float:
    """Return a number; YAML 1.1 reads 5e-4 as text, so text that is a number counts."""
    try:
        if isinstance(value, bool):
            raise TypeError
        return float(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{name} is {value!r}, expected a number") from None
