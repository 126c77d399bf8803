"""One training run of a propagation network, from its configuration to a weights file."""

import logging
from collections.abc import Sequence
from pathlib import Path

import lightning as L
from lightning.pytorch.callbacks import Callback

from isegformer.errors import ConfigError
from isegformer.models import load, save_weights
from isegformer.models.stcn import Stcn
from isegformer.models.stcn_config import STCN_SMALL, StcnConfig
from isegformer.training.clips import Clips, collate_clips
from isegformer.training.config import PropagationTrainingConfig, read_config
from isegformer.training.fitting import RunData, fit
from isegformer.training.propagation_module import PropagationTraining
from isegformer.training.run_folder import RunFolder
from isegformer.training.sources import open_sources

ARCHITECTURES: dict[str, StcnConfig] = {"stcn-small": STCN_SMALL}
"""Named propagation networks that can be trained."""

logger = logging.getLogger(__name__)


def train_propagation(
    config: PropagationTrainingConfig, *, data_root: Path, run_path: Path, callbacks: Sequence[Callback] = ()
) -> Path:
    """Train a propagation network and return its weights file; errors as in `train_clicks`."""
    clips = Clips(open_sources(config, data_root=data_root), config=config)
    folder = RunFolder(run_path)
    folder.create(config)
    return _run(config, clips, folder, checkpoint=None, callbacks=callbacks)


def resume_propagation(run_path: Path, *, data_root: Path, callbacks: Sequence[Callback] = ()) -> Path:
    """Go on with the run in `run_path` from its newest checkpoint; errors as in `resume_clicks`."""
    folder = RunFolder(run_path)
    config = read_config(folder.config_file, PropagationTrainingConfig)
    clips = Clips(open_sources(config, data_root=data_root), config=config)
    return _run(config, clips, folder, checkpoint=folder.newest_checkpoint(), callbacks=callbacks)


def _run(
    config: PropagationTrainingConfig,
    clips: Clips,
    folder: RunFolder,
    *,
    checkpoint: Path | None,
    callbacks: Sequence[Callback],
) -> Path:
    L.seed_everything(config.seed, verbose=False)
    network = _network(config)
    data = RunData(clips, collate=collate_clips, config=config)
    module = PropagationTraining(network, config=config)
    fit(module, data, config=config, folder=folder, checkpoint=checkpoint, callbacks=callbacks)
    save_weights(network, folder.weights_file)
    logger.info("wrote %s after %d steps", folder.weights_file, config.steps)
    return folder.weights_file


def _network(config: PropagationTrainingConfig) -> Stcn:
    if config.start_from is None:
        return Stcn(ARCHITECTURES[config.architecture])
    network = load(config.start_from)
    if not isinstance(network, Stcn):
        raise ConfigError(
            f"{config.start_from} holds a {type(network).__name__}, expected a propagation network"
        )
    return network
