"""A predictor from the name or file of its weights."""

from dataclasses import replace

from isegformer.errors import ConfigError
from isegformer.interaction.predictor import SlicePredictor
from isegformer.interaction.settings import predictor_config_from_json
from isegformer.models import ClickSegmenter, inspect, load
from isegformer.types import PathLike


def load_predictor(
    name_or_path: PathLike, *, device: str = "cpu", is_mirrored: bool = False
) -> SlicePredictor:
    """Return a predictor with a click network and the settings that travel with its weights.

    Parameters
    ----------
    is_mirrored : average with the mirrored slice, whatever the weights say

    Raises
    ------
    ConfigError : the weights belong to another kind of network, or their settings are unknown
    WeightsNotFoundError, CheckpointError : as for `models.load`
    """
    network = load(name_or_path, device=device)
    if not isinstance(network, ClickSegmenter):
        raise ConfigError(
            f"weights {str(name_or_path)!r} hold a {inspect(name_or_path).kind} network, expected a click "
            "network; see `isegformer weights list`"
        )
    config = predictor_config_from_json(inspect(name_or_path).predictor)
    return SlicePredictor(network, replace(config, mirror=config.mirror or is_mirrored))
