"""What a training run of a click network is made of."""

from collections.abc import Sequence
from pathlib import Path

from lightning.pytorch.callbacks import Callback

from isegformer.errors import ConfigError
from isegformer.interaction import PredictorConfig
from isegformer.interaction.settings import predictor_config_to_json
from isegformer.models import fetch, is_backbone_file, load, load_backbone
from isegformer.models.build import build_click_network
from isegformer.models.click_segmenter import ClickSegmenter
from isegformer.models.config import variant
from isegformer.training.click_module import ClickTraining
from isegformer.training.click_samples import ClickSamples, collate
from isegformer.training.config import ClickTrainingConfig
from isegformer.training.hardware import Hardware
from isegformer.training.run import RunKind, resume, start


def train_clicks(
    config: ClickTrainingConfig,
    *,
    data_root: Path,
    run_path: Path,
    hardware: Hardware | None = None,
    callbacks: Sequence[Callback] = (),
) -> Path:
    """Train a click network and return its weights file; errors as for `run.start`."""
    return start(
        CLICK_RUN,
        config,
        data_root=data_root,
        run_path=run_path,
        hardware=hardware or Hardware(),
        callbacks=callbacks,
    )


def resume_clicks(
    run_path: Path, *, data_root: Path, hardware: Hardware | None = None, callbacks: Sequence[Callback] = ()
) -> Path:
    """Go on with the run in `run_path` and return its weights file; errors as for `run.resume`."""
    return resume(
        CLICK_RUN, run_path, data_root=data_root, hardware=hardware or Hardware(), callbacks=callbacks
    )


def _network(config: ClickTrainingConfig) -> ClickSegmenter:
    """Return the network to train: new, new around a published backbone, or one that was trained before."""
    if config.start_from is None:
        return build_click_network(variant(config.architecture))
    path = fetch(config.start_from)
    if is_backbone_file(path):
        built = build_click_network(variant(config.architecture))
        load_backbone(built, path)
        return built
    network = load(path)
    if not isinstance(network, ClickSegmenter):
        raise ConfigError(f"{config.start_from} holds a {type(network).__name__}, expected a click network")
    return network


CLICK_RUN = RunKind(
    config=ClickTrainingConfig,
    samples=lambda sources, config: ClickSamples(sources, config=config),
    collate=collate,
    network=_network,
    module=lambda network, config: ClickTraining(network, config=config),
    predictor=lambda config: predictor_config_to_json(
        PredictorConfig(zoom=config.zoom, first_looks=config.first_looks)
    ),
)
"""A run of a click network."""
