"""Adapting a propagation network: a user's structures carried further from fewer slices."""

from pathlib import Path

from isegformer.adaptation.click_job import IN_MEMORY
from isegformer.adaptation.drawing import CaseDraws
from isegformer.adaptation.precision import fast_precision
from isegformer.adaptation.split import Split
from isegformer.adaptation.validation import score_stacks, stack_items
from isegformer.errors import ConfigError
from isegformer.models import Stcn, inspect, load
from isegformer.propagation import PROPAGATION_METHODS
from isegformer.training.config import PropagationTrainingConfig, ViewConfig
from isegformer.training.hardware import Hardware
from isegformer.training.propagation_run import PROPAGATION_RUN
from isegformer.training.run import train_leg
from isegformer.types import PathLike

LEG_STEPS = 30
LEARNING_RATE = 2e-4
BATCH = 4
SIDE_PX = 160
METHOD = "stcn"
"""The method that is measured; with a network alone, so that what it learns is seen undiluted."""


class PropagationJob:
    """See `AdaptationJob`."""

    kind = "propagation"
    measure = "mean Dice of slices propagated from one and from three annotated ones"
    higher_is_better = True
    leg_steps = LEG_STEPS

    def __init__(
        self, split: Split, *, start_from: str, folder: Path, device: str, seed: int, most_legs: int
    ) -> None:
        self.start_from = start_from
        self._draws = CaseDraws(split.train)
        self._items = stack_items(split.validation)
        self._folder = folder
        self._device = device
        most_steps = LEG_STEPS * most_legs
        self._config = propagation_config(start_from, device=device, seed=seed, most_steps=most_steps)

    @property
    def items(self) -> int:
        """Number of objects that are propagated."""
        return len(self._items)

    def train_to(self, step: int) -> Path:
        """Train on to a step; see `AdaptationJob.train_to`."""
        return train_leg(
            PROPAGATION_RUN,
            self._config,
            sources=[self._draws],
            run_path=self._folder,
            hardware=Hardware(device=self._device),
            until_step=step,
        )

    def measured(self, weights: PathLike) -> float:
        """Return the mean Dice of the propagated objects."""
        network = load(weights, device=self._device)
        if not isinstance(network, Stcn):
            raise ConfigError(f"weights {str(weights)!r} hold no propagation network")
        return score_stacks(PROPAGATION_METHODS[METHOD](lambda: network), self._items).mean


def propagation_config(
    start_from: str, *, device: str, seed: int, most_steps: int
) -> PropagationTrainingConfig:
    """Return the recipe: short, careful steps from weights that are good already."""
    architecture = inspect(start_from).architecture
    if architecture != "stcn-small":
        raise ConfigError(
            f"weights {start_from!r} are of the architecture {architecture!r}, expected stcn-small; other "
            "propagation networks cannot be adapted yet"
        )
    return PropagationTrainingConfig(
        architecture="stcn-small",
        train=(IN_MEMORY,),
        start_from=start_from,
        view=ViewConfig(side_px=SIDE_PX, zoom_share=0.5, zoom_margin=(1.3, 3.0), most_magnified=8.0),
        longest_gap=6,
        steps=most_steps,
        warmup_steps=10,
        decay_share=0.0,
        average_decay=0.97,
        batch_size=BATCH,
        learning_rate=LEARNING_RATE,
        precision=fast_precision(device),
        checkpoint_every=LEG_STEPS,
        workers=0,
        seed=seed,
    )
