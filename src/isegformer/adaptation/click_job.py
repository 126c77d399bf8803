"""Adapting a click network: fewer clicks on a user's own structures."""

from pathlib import Path

from isegformer.adaptation.drawing import CaseDraws
from isegformer.adaptation.precision import fast_precision
from isegformer.adaptation.split import Split
from isegformer.adaptation.validation import TARGET_IOU, click_items, score_clicks
from isegformer.interaction import ZoomConfig, load_predictor
from isegformer.models import inspect
from isegformer.training.click_run import CLICK_RUN
from isegformer.training.config import ClickTrainingConfig, SourceConfig, ViewConfig
from isegformer.training.hardware import Hardware
from isegformer.training.run import train_leg
from isegformer.types import PathLike

LEG_STEPS = 60
LEARNING_RATE = 3e-4
BATCH = 8
IN_MEMORY = SourceConfig(path="the cases that were given", form="volumes")
"""Stands in a run's configuration for cases that are handed over, not read from a data root."""


class ClickJob:
    """See `AdaptationJob`."""

    kind = "click"
    measure = f"mean clicks to IoU {TARGET_IOU}"
    higher_is_better = False
    leg_steps = LEG_STEPS

    def __init__(
        self, split: Split, *, start_from: str, folder: Path, device: str, seed: int, most_legs: int
    ) -> None:
        self.start_from = start_from
        self._draws = CaseDraws(split.train)
        self._items = click_items(split.validation)
        self._folder = folder
        self._device = device
        self._config = click_config(start_from, device=device, seed=seed, most_steps=LEG_STEPS * most_legs)

    @property
    def items(self) -> int:
        """Number of objects on slices that are clicked."""
        return len(self._items)

    def train_to(self, step: int) -> Path:
        """Train on to a step; see `AdaptationJob.train_to`."""
        return train_leg(
            CLICK_RUN,
            self._config,
            sources=[self._draws],
            run_path=self._folder,
            hardware=Hardware(device=self._device),
            until_step=step,
        )

    def measured(self, weights: PathLike) -> float:
        """Return the mean clicks that the simulated user needs."""
        return score_clicks(load_predictor(weights, device=self._device), self._items).mean


def click_config(start_from: str, *, device: str, seed: int, most_steps: int) -> ClickTrainingConfig:
    """Return the recipe: short, careful steps from weights that are good already, at their own input size."""
    predictor = load_predictor(start_from).config
    zoom = predictor.zoom or ZoomConfig()
    return ClickTrainingConfig(
        architecture=inspect(start_from).architecture,
        train=(IN_MEMORY,),
        start_from=start_from,
        view=ViewConfig(side_px=32 * max(1, round(zoom.side_px / 32)), most_magnified=8.0),
        zoom=zoom,
        first_looks=predictor.first_looks,
        steps=most_steps,
        warmup_steps=20,
        decay_share=0.0,
        average_decay=0.98,
        batch_size=BATCH,
        learning_rate=LEARNING_RATE,
        dice_weight=1.0,
        first_click_decay=0.4,
        most_rounds=5,
        loss_rounds=2,
        look_again_share=0.2,
        given_mask_share=0.1,
        precision=fast_precision(device),
        checkpoint_every=LEG_STEPS,
        workers=0,
        seed=seed,
    )
