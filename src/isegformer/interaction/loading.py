"""A predictor from the name or file of its weights."""

from dataclasses import replace

from isegformer.errors import ConfigError
from isegformer.interaction.predictor import PredictorConfig, SlicePredictor
from isegformer.interaction.settings import predictor_config_from_json
from isegformer.models import ClickSegmenter, inspect, load
from isegformer.runtimes import EAGER, ClickEngine, Prepared, prepare_clicks
from isegformer.types import PathLike


def load_predictor(
    name_or_path: PathLike, *, device: str = "cpu", is_mirrored: bool = False, runtime: str = EAGER
) -> SlicePredictor:
    """Return a predictor with a click network and the settings that travel with its weights.

    Parameters
    ----------
    is_mirrored : average with the mirrored slice, whatever the weights say
    runtime : what computes the network, see `runtimes.RUNTIMES`, or "auto"

    Raises
    ------
    ConfigError : the weights belong to another kind of network, their settings are unknown, or the runtime
        does not work here
    WeightsNotFoundError, CheckpointError : as for `models.load`
    """
    prepared = load_click_engine(name_or_path, device=device, runtime=runtime)
    config = load_predictor_config(name_or_path)
    return SlicePredictor(prepared.engine, replace(config, mirror=config.mirror or is_mirrored))


def load_click_engine(name_or_path: PathLike, *, device: str, runtime: str) -> Prepared[ClickEngine]:
    """Return a click network and what computes it; errors as for `load_predictor`."""
    network = load(name_or_path, device=device)
    if not isinstance(network, ClickSegmenter):
        raise ConfigError(
            f"weights {str(name_or_path)!r} hold a {inspect(name_or_path).kind} network, expected a click "
            "network; see `isegformer weights list`"
        )
    return prepare_clicks(network, runtime=runtime)


def load_predictor_config(name_or_path: PathLike) -> PredictorConfig:
    """Return the settings that travel with weights; errors as for `load_predictor`."""
    return predictor_config_from_json(inspect(name_or_path).predictor)
