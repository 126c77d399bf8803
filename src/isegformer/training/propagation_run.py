"""What a training run of a propagation network is made of."""

from collections.abc import Sequence
from pathlib import Path

from lightning.pytorch.callbacks import Callback

from isegformer.errors import ConfigError
from isegformer.models import load
from isegformer.models.stcn import Stcn
from isegformer.models.stcn_config import STCN_SMALL, StcnConfig
from isegformer.training.clips import Clips, collate_clips
from isegformer.training.config import PropagationTrainingConfig
from isegformer.training.hardware import Hardware
from isegformer.training.propagation_module import PropagationTraining
from isegformer.training.run import RunKind, resume, start

ARCHITECTURES: dict[str, StcnConfig] = {"stcn-small": STCN_SMALL}
"""Named propagation networks that can be trained."""


def train_propagation(
    config: PropagationTrainingConfig,
    *,
    data_root: Path,
    run_path: Path,
    hardware: Hardware | None = None,
    callbacks: Sequence[Callback] = (),
) -> Path:
    """Train a propagation network and return its weights file; errors as for `run.start`."""
    return start(
        PROPAGATION_RUN,
        config,
        data_root=data_root,
        run_path=run_path,
        hardware=hardware or Hardware(),
        callbacks=callbacks,
    )


def resume_propagation(
    run_path: Path, *, data_root: Path, hardware: Hardware | None = None, callbacks: Sequence[Callback] = ()
) -> Path:
    """Go on with the run in `run_path` and return its weights file; errors as for `run.resume`."""
    return resume(
        PROPAGATION_RUN, run_path, data_root=data_root, hardware=hardware or Hardware(), callbacks=callbacks
    )


def _network(config: PropagationTrainingConfig) -> Stcn:
    if config.start_from is None:
        return Stcn(ARCHITECTURES[config.architecture])
    network = load(config.start_from)
    if not isinstance(network, Stcn):
        raise ConfigError(
            f"{config.start_from} holds a {type(network).__name__}, expected a propagation network"
        )
    return network


PROPAGATION_RUN = RunKind(
    config=PropagationTrainingConfig,
    samples=lambda sources, config: Clips(sources, config=config),
    collate=collate_clips,
    network=_network,
    module=lambda network, config: PropagationTraining(network, config=config),
    predictor=lambda _: None,
)
"""A run of a propagation network."""
