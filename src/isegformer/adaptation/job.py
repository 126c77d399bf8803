"""What adapting one network is made of, whatever the network does."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isegformer.adaptation.drawing import CaseDraws
from isegformer.training.config import RunConfig, SourceConfig
from isegformer.training.hardware import Hardware
from isegformer.training.run import RunKind, train_leg
from isegformer.types import PathLike

IN_MEMORY = SourceConfig(path="the cases that were given", form="volumes")
"""Stands in a run's configuration for cases that are handed over, not read from a data root."""


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """What a job is asked for, of any kind of network."""

    start_from: str
    """Name or path of the weights to start from."""
    folder: Path
    """Of the training run."""
    device: str
    seed: int
    most_legs: int


@dataclass(frozen=True, kw_only=True)
class Measure:
    """How weights are measured on the kept cases."""

    text: str
    """What is measured, in words and with its unit."""
    higher_is_better: bool
    """Whether it should rise, as a share of 1 does; clicks should fall."""
    items: int
    """Number of things that it is measured on; 0 where the cases do not allow it."""
    of: Callable[[PathLike], float]
    """Measures weights."""


class AdaptationJob:
    """Trains one network on a user's cases, and measures weights on those that were kept back.

    Parameters
    ----------
    kind : what the network does, "click" or "propagation"
    config : of the training run; its checkpoints are the ends of the legs
    """

    def __init__(
        self,
        kind: str,
        *,
        run: RunKind[Any, Any],
        config: RunConfig,
        draws: CaseDraws,
        measure: Measure,
        request: JobRequest,
    ) -> None:
        self.kind = kind
        self.measure = measure
        self.start_from = request.start_from
        self.leg_steps = config.checkpoint_every
        self._run, self._config, self._draws = run, config, draws
        self._folder, self._hardware = request.folder, Hardware(device=request.device)

    def train_to(self, step: int) -> Path:
        """Train on to a step, from the newest checkpoint or the start, and return the weights file."""
        return train_leg(
            self._run,
            self._config,
            sources=[self._draws],
            run_path=self._folder,
            hardware=self._hardware,
            until_step=step,
        )
